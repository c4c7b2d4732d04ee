/** The deployed shop as its operator sees it: `outputs.json`, users, products, processes. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

interface User {
  readonly userName: string;
  readonly password: string;
}

interface Outputs {
  readonly apiUrl: string;
  readonly siteUrl: string;
  readonly endpoint: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  readonly functions: Readonly<Record<string, string>>;
  readonly users: { readonly customer: User; readonly staff: User };
}

/** An environment variable that `cargo xtask test web` sets. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`\`cargo xtask test web\` runs these tests: ${name} is not set`);
  return value;
}

export const SHOP = JSON.parse(readFileSync(variable('FERROCART_OUTPUTS'), 'utf8')) as Outputs;
export const STAFF = SHOP.users.staff;

async function cognito<Answer>(operation: string, input: object): Promise<Answer> {
  const response = await fetch(SHOP.endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
      Authorization: 'AWS4-HMAC-SHA256 Credential=000000000000/20000101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=test',
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
  return await response.json() as Answer;
}

export function newUserName(): string {
  return `guest-${randomUUID().slice(0, 8)}`;
}

export const PASSWORD = 'Correct-Horse-7-Battery';

/** A customer with an account of their own. */
export async function newCustomer(): Promise<User> {
  const user = { userName: newUserName(), password: PASSWORD };
  const of = { UserPoolId: SHOP.userPoolId, Username: user.userName };
  const email = [{ Name: 'email', Value: `${user.userName}@example.com` }, { Name: 'email_verified', Value: 'true' }];
  await cognito('AdminCreateUser', { ...of, UserAttributes: email, MessageAction: 'SUPPRESS' });
  await cognito('AdminSetUserPassword', { ...of, Password: user.password, Permanent: true });
  return user;
}

let token: Promise<string> | undefined;

function staffToken(): Promise<string> {
  token ??= cognito<{ AuthenticationResult: { IdToken: string } }>('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: SHOP.userPoolClientId,
    AuthParameters: { USERNAME: STAFF.userName, PASSWORD: STAFF.password },
  }).then(({ AuthenticationResult: { IdToken } }) => IdToken);
  return token;
}

async function call<Answer>(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${SHOP.apiUrl}${path}`, {
    method,
    headers: { Authorization: await staffToken(), 'Content-Type': 'application/json', ...headers },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json() as Answer;
}

export interface Product {
  readonly id: string;
  readonly name: string;
}

interface Order {
  readonly orderId: string;
  readonly status: string;
}

/** A product with a name of its own and some units, once baskets know it and it shows its stock. */
export async function newProduct(name: string, units: number, more: object = {}): Promise<Product> {
  const details = { name: `${name} ${randomUUID().slice(0, 4)}`, category: 'tools', price: 24.5, ...more };
  const product = await call<Product>('POST', '/product', details);
  await call('POST', `/stock/${product.id}/receipts`, { quantity: units }, { 'Idempotency-Key': randomUUID() });
  await eventually(`${units} units of ${product.name}`, async () => {
    const { available } = await call<{ available?: number }>('GET', `/product/${product.id}`);
    return available === units || undefined;
  });
  return product;
}

export async function ordersOf(userName: string): Promise<readonly Order[]> {
  return (await call<{ items: readonly Order[] }>('GET', `/order/${userName}`)).items;
}

/** The stock of a product. */
export function stockOf(product: Product): Promise<{ readonly onHand: number; readonly reserved: number }> {
  return call('GET', `/stock/${product.id}`);
}

/** The ids of the running processes of a function. */
export function processesOf(name: string): string[] {
  const variable = `AWS_LAMBDA_FUNCTION_NAME=${SHOP.functions[name]}`;
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).filter((id) => {
    try {
      return readFileSync(`/proc/${id}/environ`, 'utf8').split('\0').includes(variable);
    } catch {
      return false; // gone, or another user's
    }
  });
}

/** Whether a stopped process has received something that it has not read yet. */
export function hasUnread(id: string): boolean {
  const sockets = new Set(readdirSync(`/proc/${id}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${id}/fd/${fd}`))?.[1]));
  // sl local_address rem_address st tx_queue:rx_queue ... inode
  return readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/))
    .some((columns) => sockets.has(columns[9]) && Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16) > 0);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

const DEADLINE_MS = 30_000;

/** Repeats a question until it has an answer. */
export async function eventually<Answer>(what: string, ask: () => Promise<Answer | undefined>): Promise<Answer> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
