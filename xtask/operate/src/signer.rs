//! Signature Version 4, for the real AWS.

use std::time::SystemTime;

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use xtask_common::shop::aws::{Request, Sign};

pub struct Signer {
    credentials: Credentials,
}

impl Signer {
    pub fn of(credentials: Credentials) -> Self {
        Self { credentials }
    }
}

impl Sign for Signer {
    fn sign(&self, request: &mut Request<Vec<u8>>, service: &str, region: &str) -> Result<()> {
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
            .collect::<Result<_>>()
            .context("malformed request")?;
        let body = SignableBody::Bytes(request.body());
        let signable =
            SignableRequest::new(&method, &url, headers.into_iter(), body).context("malformed request")?;
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(SystemTime::now())
            .settings(settings(service))
            .build()
            .context("cannot sign a request")?
            .into();
        let (signature, _) = sign(signable, &parameters).context("cannot sign a request")?.into_parts();
        signature.apply_to_request_http1x(request);
        Ok(())
    }
}

/// S3 signs paths as they are sent, and a hash of the body.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

#[cfg(test)]
mod tests {
    use xtask_common::fingerprint;

    use super::*;

    #[test]
    fn requests_to_s3_have_a_signed_hash_of_their_body() {
        let signer = Signer::of(Credentials::from_keys("key", "secret", None));
        let signed = |service: &str| {
            let builder =
                Request::builder().method("PUT").uri("https://s3.eu-west-1.amazonaws.com/files/a.svg");
            let mut request = builder.body(b"<svg/>".to_vec()).unwrap();
            signer.sign(&mut request, service, "eu-west-1").unwrap();
            let header = |name: &str| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
            (header("x-amz-content-sha256"), header("authorization").unwrap())
        };
        let (hash, authorization) = signed("s3");
        assert_eq!(hash, Some(fingerprint::of_bytes(b"<svg/>")));
        assert!(authorization.contains("/eu-west-1/s3/aws4_request"), "{authorization}");
        assert!(authorization.contains("x-amz-content-sha256"), "{authorization}");
        assert_eq!(signed("cloudfront").0, None);
    }
}
