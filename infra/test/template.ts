import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readSettings } from '../lib/settings.ts';
import { ShopStack } from '../lib/shop-stack.ts';

const services = new URL('../../services/', import.meta.url);

/** The services, one executable each. */
export const SERVICES = readdirSync(services);

/** The function names that the executables of the services match on. */
export const FUNCTIONS = SERVICES.flatMap((service) => {
  const main = readFileSync(new URL(`${service}/src/main.rs`, services), 'utf8');
  return [...main.matchAll(/^ {8}"([a-z-]+)" =>/gm)].map(([, name]) => name!);
});

/** A directory with a placeholder for the zip of every service. */
export function functionsDirectory(names = SERVICES): string {
  const directory = mkdtempSync(join(tmpdir(), 'functions-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  for (const name of names) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'bootstrap.zip'), name);
  }
  return directory;
}

const allFunctions = functionsDirectory();

const templates = new Map<string, Template>();

/** The template for the given settings, cached because synthesis takes seconds. */
export function synthesize(context: Record<string, string> = {}): Template {
  const name = JSON.stringify(Object.entries(context).sort());
  const known = templates.get(name);
  if (known !== undefined) return known;
  const values: Record<string, string> = { functions: allFunctions, ...context };
  const settings = readSettings((name) => values[name]);
  const template = Template.fromStack(new ShopStack(new App(), `ferrocart-${settings.stage}`, { settings }));
  templates.set(name, template);
  return template;
}

export type Resource = { Type: string; Properties: any; DependsOn?: string[]; DeletionPolicy?: string };

/** Resources of one type by logical id. */
export function resources(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** The logical id in a `Ref`, an `Fn::GetAtt`, or the first of them inside an `Fn::Join`. */
export function target(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.map(target).find((id) => id !== undefined);
  if (typeof value !== 'object' || value === null) return undefined;
  const [[name, operand] = []] = Object.entries(value);
  if (name === 'Ref') return String(operand).startsWith('AWS::') ? undefined : String(operand);
  if (name === 'Fn::GetAtt') return (operand as string[])[0];
  return target(Object.values(value));
}

/** The path of an API resource, with its parameters in braces. */
export function pathOf(template: Template, resourceId: unknown): string {
  const resource = resources(template, 'AWS::ApiGateway::Resource')[target(resourceId)!];
  if (resource === undefined) return '/';
  const { ParentId, PathPart } = resource.Properties;
  return `${pathOf(template, ParentId)}/${PathPart}`.replace('//', '/');
}

export interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
  Principal?: unknown;
}

/** The statements of a function's role. */
export function statementsOf(template: Template, roleId: string): Statement[] {
  const own = resources(template, 'AWS::IAM::Role')[roleId]?.Properties.Policies ?? [];
  const attached = Object.values(resources(template, 'AWS::IAM::Policy'))
    .filter((policy) => policy.Properties.Roles.some((role: unknown) => target(role) === roleId))
    .map((policy) => policy.Properties);
  return [...own, ...attached].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
