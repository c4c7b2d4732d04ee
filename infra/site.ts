import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AllowedMethods, CacheCookieBehavior, CacheHeaderBehavior, CachePolicy, CacheQueryStringBehavior, Distribution, Function,
  FunctionCode, FunctionEventType, FunctionRuntime, HeadersFrameOption, HeadersReferrerPolicy, HttpVersion, PriceClass,
  ResponseHeadersPolicy, S3OriginAccessControl, ViewerProtocolPolicy, type BehaviorOptions,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './constructs/acknowledge.ts';
import { ServiceStack, type StackContext } from './constructs/service-stack.ts';

/** The name of the service. */
export const SITE = 'site';

/** Paths below which everything is a file. Other paths with a directory are pages. */
const FILES = ['/assets/*', '/pictures/*'];

/**
 * The web pages of the shop and of its back office, in a private bucket behind CloudFront.
 *
 * `cargo xtask` uploads them after the edge is deployed: they contain the addresses of the APIs.
 * The `Cache-Control` of each file decides how long it is cached.
 */
export class SiteStack extends ServiceStack {
  constructor(scope: Construct, context: StackContext) {
    super(scope, SITE, context);

    // Every file in it can be built and uploaded again, so it goes with the stack in production, too.
    const bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(bucket, 'S1', 'Only CloudFront reads it, and only cargo xtask writes it; the log bucket would have to be paid.');

    const files: BehaviorOptions = {
      // CloudFront may read objects but not list them, so S3 answers 403 for one that is missing.
      origin: S3BucketOrigin.withOriginAccessControl(bucket, {
        originAccessControl: new S3OriginAccessControl(this, 'AccessControl', { originAccessControlName: this.stackName }),
      }),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
      cachePolicy: new CachePolicy(this, 'CacheControl', {
        cachePolicyName: this.stackName,
        comment: 'Files are cached as their Cache-Control says',
        minTtl: Duration.seconds(0),
        defaultTtl: Duration.seconds(0),
        maxTtl: Duration.days(365),
        headerBehavior: CacheHeaderBehavior.none(),
        cookieBehavior: CacheCookieBehavior.none(),
        queryStringBehavior: CacheQueryStringBehavior.none(),
        enableAcceptEncodingGzip: true,
        enableAcceptEncodingBrotli: true,
      }),
      responseHeadersPolicy: this.securityHeaders(),
      compress: true,
    };
    const pages = new Function(this, 'PageRouter', {
      functionName: `${this.stackName}-page-router`,
      comment: 'Answers the path of a page with the document of its application',
      runtime: FunctionRuntime.JS_2_0,
      code: FunctionCode.fromFile({ filePath: fileURLToPath(new URL('constructs/page-router.js', import.meta.url)) }),
    });
    const distribution = new Distribution(this, 'Distribution', {
      comment: this.stackName,
      defaultBehavior: { ...files, functionAssociations: [{ function: pages, eventType: FunctionEventType.VIEWER_REQUEST }] },
      additionalBehaviors: Object.fromEntries(FILES.map((path) => [path, files])),
      errorResponses: [{ httpStatus: 403, responseHttpStatus: 404, responsePagePath: '/index.html', ttl: Duration.seconds(10) }],
      httpVersion: HttpVersion.HTTP2_AND_3,
      // North America and Europe.
      priceClass: PriceClass.PRICE_CLASS_100,
      // Standard logs would be stored in a bucket that has to be paid.
      enableLogging: false,
    });
    acknowledge(distribution, 'CFR1', 'The shop is open to the world.');
    acknowledge(distribution, 'CFR2', 'It has static files only; a firewall would cost 7 dollars a month.');
    acknowledge(distribution, 'CFR3', 'The bucket of the logs would have to be paid.');
    acknowledge(distribution, 'CFR4', 'With the certificate of CloudFront its minimum is fixed; a domain of the shop can raise it.');

    const origin = `https://${distribution.distributionDomainName}`;
    // For the API's CORS headers.
    this.provide('origin', origin);
    // For the upload, and to empty the bucket before it is deleted.
    this.provide('bucket', bucket.bucketName);
    new CfnOutput(this, 'SiteUrl', { value: origin });
    new CfnOutput(this, 'SiteBucket', { value: bucket.bucketName });
    new CfnOutput(this, 'SiteDistributionId', { value: distribution.distributionId });
  }

  private securityHeaders(): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'SecurityHeaders', {
      responseHeadersPolicyName: this.stackName,
      comment: `Security headers of ${this.stackName}`,
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy: contentSecurityPolicy(this.region), override: true },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.SAME_ORIGIN, override: true },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(730), override: true },
      },
      customHeadersBehavior: {
        customHeaders: [
          { header: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()', override: true },
          { header: 'Cross-Origin-Opener-Policy', value: 'same-origin', override: true },
          { header: 'Cross-Origin-Resource-Policy', value: 'same-origin', override: true },
        ],
      },
    });
  }
}

/**
 * The policy of all pages. The ids of the APIs are not known yet, so it allows those of the region;
 * the uploaded pages have a second policy, which names the APIs of the stage. A browser applies
 * both.
 */
function contentSecurityPolicy(region: string): string {
  const apis = `execute-api.${region}.amazonaws.com`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' https://*.${apis} wss://*.${apis} https://cognito-idp.${region}.amazonaws.com`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
