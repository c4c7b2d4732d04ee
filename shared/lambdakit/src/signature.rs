//! Signatures of what programs that share a secret send each other: HMAC-SHA256 (RFC 2104) over the time and the body.
//!
//! A signature reads `t=<Unix seconds>,v1=<64 hexadecimal digits>`, and signs `<t>.<body>`. With its time in it, what
//! was overheard cannot be sent again for long. There may be several `v1`, as from a sender that changes its
//! secret: one that is right is enough. Parts of other names are of schemes to come.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ConfigError;
#[cfg(feature = "secrets")]
use crate::secret::Secret;

/// How far a signature's time may be from the reader's, in seconds: clocks differ, and messages take time.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Signs, and checks what others with the same secret have signed.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Why a signature is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// It does not read as one.
    #[error("the signature is malformed")]
    Malformed,
    /// Its time is too far from now.
    #[error("the signature is older or newer than {TOLERANCE_SECONDS} seconds")]
    Stale,
    /// It was made with another secret, or for something else.
    #[error("the signature is wrong")]
    Forged,
}

impl SigningKey {
    /// A key made of a secret of any length.
    ///
    /// # Errors
    /// When the secret is empty.
    pub fn new(secret: &str) -> Result<Self, ConfigError> {
        let empty = ConfigError::Missing("the signing secret");
        if secret.is_empty() {
            return Err(empty);
        }
        Hmac::new_from_slice(secret.as_bytes()).map(Self).map_err(|_| empty)
    }

    /// The key made of a secret.
    ///
    /// # Errors
    /// When the secret is empty.
    #[cfg(feature = "secrets")]
    pub fn of(secret: &Secret) -> Result<Self, ConfigError> {
        Self::new(secret.reveal())
    }

    /// The signature of a body that is sent at this time, in Unix seconds.
    #[must_use]
    pub fn sign(&self, time: u64, body: &[u8]) -> String {
        let mut signature = format!("t={time},v1=");
        for byte in self.mac(time, body).finalize().into_bytes() {
            // Writing to a text cannot fail.
            write!(signature, "{byte:02x}").ok();
        }
        signature
    }

    /// Whether a body came from somebody with the same secret, within [`TOLERANCE_SECONDS`] of `now`, in Unix seconds.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify(&self, signature: &str, body: &[u8], now: u64) -> Result<(), BadSignature> {
        let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
        let mut times = parts().filter(|(name, _)| *name == "t").map(|(_, time)| time.parse::<u64>());
        let (Some(Ok(time)), None) = (times.next(), times.next()) else {
            return Err(BadSignature::Malformed);
        };
        let macs: Option<Vec<_>> =
            parts().filter(|(name, _)| *name == "v1").map(|(_, mac)| unhex(mac)).collect();
        let macs = macs.filter(|macs| !macs.is_empty()).ok_or(BadSignature::Malformed)?;
        // The comparison takes the same time wherever the difference is.
        if !macs.iter().any(|mac| self.mac(time, body).verify_slice(mac).is_ok()) {
            return Err(BadSignature::Forged);
        }
        if now.abs_diff(time) > TOLERANCE_SECONDS { Err(BadSignature::Stale) } else { Ok(()) }
    }

    fn mac(&self, time: u64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(time.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}

/// The 32 bytes that so many hexadecimal digits stand for.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes: Vec<_> = digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(16 * pair[0] + pair[1]))
        .collect::<Result<_, _>>()
        .ok()?;
    if digits.len().is_multiple_of(2) { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_769_860_800;
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn key() -> SigningKey {
        SigningKey::new("whsec_test").unwrap()
    }

    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        // Test cases 2 and 3: a key shorter than a block, and one of bytes that are no text.
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let expected = unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap();
        assert_eq!(mac.finalize().into_bytes()[..], expected);
        let mut mac = Hmac::<Sha256>::new_from_slice(&[0xaa; 20]).unwrap();
        mac.update(&[0xdd; 50]);
        let expected = unhex("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe").unwrap();
        assert_eq!(mac.finalize().into_bytes()[..], expected);
    }

    #[test]
    fn a_signature_signs_time_and_body() {
        // As `printf '1769860800.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test` has it.
        let expected = "73b5e2f9f42f93796b9524c21a92ac972d369922882068c4006dedc327c92768";
        assert_eq!(key().sign(NOW, BODY), format!("t={NOW},v1={expected}"));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes_either_way() {
        let signature = key().sign(NOW, BODY);
        for now in [NOW - TOLERANCE_SECONDS, NOW, NOW + TOLERANCE_SECONDS] {
            assert_eq!(key().verify(&signature, BODY, now), Ok(()));
        }
        for now in [NOW - TOLERANCE_SECONDS - 1, NOW + TOLERANCE_SECONDS + 1, 0] {
            assert_eq!(key().verify(&signature, BODY, now), Err(BadSignature::Stale));
        }
    }

    #[test]
    fn a_signature_is_for_one_body_one_time_and_one_secret() {
        let signature = key().sign(NOW, BODY);
        let check = |signature: &str, body| key().verify(signature, body, NOW);
        assert_eq!(check(&signature, b"{}"), Err(BadSignature::Forged));
        assert_eq!(
            check(&signature.replace(&NOW.to_string(), &(NOW + 1).to_string()), BODY),
            Err(BadSignature::Forged)
        );
        let other = SigningKey::new("whsec_other").unwrap();
        assert_eq!(other.verify(&signature, BODY, NOW), Err(BadSignature::Forged));
    }

    #[test]
    fn a_sender_may_sign_with_its_old_secret_and_its_new_one() {
        let old = SigningKey::new("whsec_old").unwrap().sign(NOW, BODY);
        let (_, old) = old.split_once(',').unwrap();
        let both = format!("{},{old},v2=of-a-time-to-come", key().sign(NOW, BODY));
        assert_eq!(key().verify(&both, BODY, NOW), Ok(()));
    }

    #[test]
    fn what_does_not_read_as_a_signature_is_none() {
        let good = key().sign(NOW, BODY);
        let (time, mac) = good.split_once(',').unwrap();
        let cut = &good[..good.len() - 1];
        let twice = format!("{time},{good}");
        for bad in ["", "t=,v1=", "v1", time, mac, cut, &twice, "t=-1,v1=00", &good.replace("v1", "v0")] {
            assert_eq!(key().verify(bad, BODY, NOW), Err(BadSignature::Malformed), "{bad}");
        }
        assert!(SigningKey::new("").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_signed_can_be_checked(secret in ".{1,80}", time: u64, body: Vec<u8>) {
            let key = SigningKey::new(&secret).unwrap();
            prop_assert_eq!(key.verify(&key.sign(time, &body), &body, time), Ok(()));
        }

        #[test]
        fn nothing_that_is_made_up_is_a_signature(header in ".*", mac in "[0-9a-f]{64}") {
            prop_assert!(key().verify(&header, BODY, NOW).is_err());
            prop_assert_eq!(key().verify(&format!("t={NOW},v1={mac}"), BODY, NOW), Err(BadSignature::Forged));
        }
    }
}
