import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { allResources, only, propertiesOf, synthesize, target } from './template.ts';

const template = synthesize();
const [distributionId, { Properties: { DistributionConfig: config } }] = only(template, 'AWS::CloudFront::Distribution');
const [bucketId, bucket] = only(template, 'AWS::S3::Bucket');
const behaviors = [config.DefaultCacheBehavior, ...config.CacheBehaviors];

describe('the files of the site', () => {
  test('are read by their distribution only, and listed by nobody', () => {
    assert.deepEqual(bucket.Properties.PublicAccessBlockConfiguration,
      { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true });
    const [{ Bucket, PolicyDocument }, ...others] = propertiesOf(template, 'AWS::S3::BucketPolicy');
    assert.deepEqual(others, []);
    assert.equal(target(Bucket), bucketId);
    const allowed = PolicyDocument.Statement.filter(({ Effect }: any) => Effect === 'Allow');
    assert.deepEqual(allowed.map(({ Action, Principal }: any) => [Action, Principal]), [['s3:GetObject', { Service: 'cloudfront.amazonaws.com' }]]);
    const { StringEquals: { 'AWS:SourceArn': source } } = allowed[0].Condition;
    assert.match(JSON.stringify(source), new RegExp(`:distribution/",{"Ref":"${distributionId}"}`));
    const [origin, ...more] = config.Origins;
    assert.deepEqual(more, []);
    assert.equal(target(origin.OriginAccessControlId), only(template, 'AWS::CloudFront::OriginAccessControl')[0]);
  });

  test('go with the stack in production, too: they can be uploaded again', () => {
    const prod = synthesize({ stage: 'prod' });
    assert.equal(only(prod, 'AWS::S3::Bucket')[1].DeletionPolicy, 'Delete');
  });

  test('are cached as long as their Cache-Control says, and no longer', () => {
    const { DefaultTTL, MinTTL } = only(template, 'AWS::CloudFront::CachePolicy')[1].Properties.CachePolicyConfig;
    assert.deepEqual([DefaultTTL, MinTTL], [0, 0]);
    const [policy] = only(template, 'AWS::CloudFront::CachePolicy');
    for (const { CachePolicyId } of behaviors) assert.equal(target(CachePolicyId), policy);
  });

  test('are only reached by HTTPS, and leave no access log that costs money', () => {
    for (const { ViewerProtocolPolicy, AllowedMethods } of behaviors) {
      assert.equal(ViewerProtocolPolicy, 'redirect-to-https');
      assert.deepEqual(AllowedMethods, ['GET', 'HEAD']);
    }
    assert.equal(config.Logging, undefined);
  });

  test('that are missing are not found', () => {
    const [{ ErrorCode, ResponseCode, ResponsePagePath }, ...others] = config.CustomErrorResponses;
    assert.deepEqual([ErrorCode, ResponseCode, ResponsePagePath, others], [403, 404, '/index.html', []]);
  });
});

describe('paths', () => {
  const { FunctionCode, AutoPublish } = only(template, 'AWS::CloudFront::Function')[1].Properties;
  const routed = (uri: string) => runInNewContext(`${FunctionCode}; handler({ request: { uri } }).uri`, { uri }) as string;

  test('below directories of files are not routed', () => {
    assert.equal(AutoPublish, true);
    assert.deepEqual(config.CacheBehaviors.map(({ PathPattern }: any) => PathPattern), ['/assets/*', '/pictures/*']);
    for (const { FunctionAssociations } of config.CacheBehaviors) assert.equal(FunctionAssociations, undefined);
    assert.deepEqual(config.DefaultCacheBehavior.FunctionAssociations.map(({ EventType }: any) => EventType), ['viewer-request']);
  });

  for (const [path, file] of Object.entries({
    '/': '/index.html',
    '/products': '/index.html',
    '/products/01a2.b': '/index.html',
    '/back-offices': '/index.html',
    '/back-office': '/staff.html',
    '/back-office/': '/staff.html',
    '/back-office/orders/grace.hopper': '/staff.html',
    '/config.json': '/config.json',
    '/index.html': '/index.html',
    '/favicon.svg': '/favicon.svg',
  })) {
    test(`${path} is ${file}`, () => assert.equal(routed(path), file));
  }
});

describe('security headers', () => {
  const { SecurityHeadersConfig: security, CustomHeadersConfig: custom } =
    only(template, 'AWS::CloudFront::ResponseHeadersPolicy')[1].Properties.ResponseHeadersPolicyConfig;
  const { 'Fn::Join': [, parts] } = security.ContentSecurityPolicy.ContentSecurityPolicy;
  const text = parts.map((part: unknown) => (typeof part === 'string' ? part : 'eu-west-1')).join('') as string;
  const policy = new Map(text.split('; ').map((directive) => {
    const [name, ...values] = directive.split(' ');
    return [name!, values.join(' ')] as const;
  }));

  test('are on every answer', () => {
    const [id] = only(template, 'AWS::CloudFront::ResponseHeadersPolicy');
    for (const { ResponseHeadersPolicyId } of behaviors) assert.equal(target(ResponseHeadersPolicyId), id);
    assert.equal(security.ContentTypeOptions.Override, true);
    assert.equal(security.FrameOptions.FrameOption, 'DENY');
    assert.equal(security.StrictTransportSecurity.AccessControlMaxAgeSec, 63_072_000);
    assert.match(custom.Items.find(({ Header }: any) => Header === 'Permissions-Policy').Value, /camera=\(\)/);
  });

  test('let pages run scripts and styles of the site, and no inline ones', () => {
    assert.equal(policy.get('default-src'), "'none'");
    assert.equal(policy.get('script-src'), "'self'");
    assert.equal(policy.get('style-src'), "'self'");
    assert.equal(policy.get('frame-ancestors'), "'none'");
    assert.equal(policy.get('base-uri'), "'none'");
    assert.equal(policy.get('form-action'), "'none'");
    assert.doesNotMatch(text, /unsafe|data:|blob:|https?:[ ;]/);
  });

  test('let pages connect to APIs and the user pools of the region, and nowhere else', () => {
    assert.deepEqual(policy.get('connect-src')?.split(' '), [
      "'self'", 'https://*.execute-api.eu-west-1.amazonaws.com', 'wss://*.execute-api.eu-west-1.amazonaws.com',
      'https://cognito-idp.eu-west-1.amazonaws.com',
    ]);
  });
});

test('names that are unique in an account contain the stage', () => {
  for (const [id, { Type, Properties }] of Object.entries(allResources(template))) {
    if (!Type.startsWith('AWS::CloudFront::')) continue;
    for (const [, name] of JSON.stringify(Properties).matchAll(/"Name":"([^"]*)"/g)) assert.match(name!, /^ferrocart-dev-site/, id);
  }
});
