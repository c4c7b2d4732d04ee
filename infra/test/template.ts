import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { pascalCase } from '../constructs/outputs.ts';
import type { ServiceStack } from '../constructs/service-stack.ts';
import { allServices, selectServices } from '../services.ts';
import { readSettings } from '../settings.ts';
import { createStacks } from '../shop.ts';

const services = new URL('../../services/', import.meta.url);

/** The folders of services, one executable each. */
export const SERVICES = readdirSync(services);

/** The services that a stage can have, one stack each. */
export const NAMES = allServices().map(({ name }) => name);

/** The function names that the executables of the services match on. */
export const FUNCTIONS = SERVICES.flatMap((service) => {
  const main = readFileSync(new URL(`${service}/src/main.rs`, services), 'utf8');
  return [...main.matchAll(/^ {8}"([a-z-]+)" =>/gm)].map(([, name]) => name!);
});

/** The functions that answer routes of the API. */
export const ANSWERING = FUNCTIONS.filter((name) => /-(api|webhook)$/.test(name) && name !== 'payment-sandbox-api');

const temporary = mkdtempSync(join(tmpdir(), 'ferrocart-infra-'));
process.on('exit', () => rmSync(temporary, { recursive: true }));

/** A directory with a placeholder for the zip of every service. */
export function functionsDirectory(names = SERVICES): string {
  const directory = mkdtempSync(join(temporary, 'functions-'));
  for (const name of names) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'bootstrap.zip'), name);
  }
  return directory;
}

const allFunctions = functionsDirectory();

/** Settings of a stage, as `cdk -c` takes them. By default all services are deployed. */
export type Context = Readonly<Record<string, string>>;

/** The settings with the most resources. */
export const EXPENSIVE: Context = {
  stage: 'prod', partnerKey: 'true', waf: 'true', alarmEmail: 'oncall@example.com', budgetEmail: 'owner@example.com',
};

const { context: flags } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8'));

/** A CDK app with the feature flags of the real one. */
export function app(): App {
  return new App({ context: flags, outdir: mkdtempSync(join(temporary, 'synth-')), analyticsReporting: false, treeMetadata: false });
}

/** The stacks of a stage. */
export function stacks(context: Context = {}): ServiceStack[] {
  const values: Context = { functions: allFunctions, services: 'all', without: '', ...context };
  const settings = readSettings((name) => values[name]);
  return createStacks(app(), { settings, env: {} }, selectServices(values.services!, values.without!, settings));
}

export type Section = Record<string, any>;

interface Synthesized {
  readonly whole: Template;
  readonly parts: ReadonlyMap<string, Section>;
}

const known = new Map<string, Synthesized>();

/** Synthesis takes seconds, so there is one for each choice of settings. */
function synthesized(context: Context): Synthesized {
  const name = JSON.stringify(Object.entries(context).sort());
  let shop = known.get(name);
  if (shop === undefined) {
    const parts = new Map(stacks(context).map((stack) => [stack.service, Template.fromStack(stack).toJSON() as Section]));
    shop = { whole: Template.fromJSON(merged(parts)), parts };
    known.set(name, shop);
  }
  return shop;
}

/** The template of each stack of a stage, by the stack's service, in the order of deployment. */
export function templatesOf(context: Context = {}): ReadonlyMap<string, Section> {
  return synthesized(context).parts;
}

/**
 * The templates of all stacks of a stage as one. Logical ids begin with the name of their service,
 * and what a stack reads from a parameter of another stack is replaced by what that stack provides.
 */
export function synthesize(context: Context = {}): Template {
  return synthesized(context).whole;
}

function merged(parts: ReadonlyMap<string, Section>): Section {
  const whole: Section = { Resources: {}, Outputs: {} };
  const provided = new Map<string, unknown>();
  for (const [service, { Resources, Outputs = {}, Parameters = {} }] of parts) {
    const prefix = pascalCase(service);
    const rename = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(rename);
      if (typeof value !== 'object' || value === null) return value;
      const { Ref: ref, 'Fn::GetAtt': attribute } = value as Section;
      if (ref in Resources) return { Ref: prefix + ref };
      const parameter = Parameters[ref];
      if (parameter?.Type === 'AWS::SSM::Parameter::Value<String>' && parameter.Default.startsWith('/ferrocart/')) {
        assert.ok(provided.has(parameter.Default), `${service} reads ${parameter.Default}, which no earlier stack provides`);
        return provided.get(parameter.Default);
      }
      if (attribute !== undefined) return { 'Fn::GetAtt': [prefix + attribute[0], ...attribute.slice(1)] };
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rename(member)]));
    };
    for (const [id, resource] of Object.entries(Resources as Section)) {
      const { DependsOn, ...rest } = resource;
      const renamed = rename(rest) as Section;
      if (DependsOn !== undefined) renamed.DependsOn = list(DependsOn).map((other) => prefix + other);
      renamed.Metadata = { service };
      whole.Resources[prefix + id] = renamed;
      if (renamed.Type === 'AWS::SSM::Parameter') provided.set(renamed.Properties.Name, renamed.Properties.Value);
    }
    for (const [id, output] of Object.entries(Outputs as Section)) {
      assert.ok(!(id in whole.Outputs), `two stacks have the output ${id}`);
      whole.Outputs[id] = rename(output);
    }
  }
  return whole;
}

export interface Resource {
  readonly Type: string;
  readonly Properties: any;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  /** Present in merged templates. */
  readonly Metadata?: { readonly service: string };
}

/** Resources of one type by logical id. */
export function resources(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** All resources by logical id. */
export function allResources(template: Template): Record<string, Resource> {
  return template.toJSON().Resources;
}

/** Properties of each resource of one type. */
export function propertiesOf(template: Template, type: string): any[] {
  return Object.values(resources(template, type)).map(({ Properties }) => Properties);
}

/** The only resource of its type, and its logical id. */
export function only(template: Template, type: string): [id: string, resource: Resource] {
  const [found, ...others] = Object.entries(resources(template, type));
  assert.ok(found !== undefined && others.length === 0, `${found === undefined ? 0 : others.length + 1} resources of ${type}`);
  return found;
}

/** The logical id of the function with this name. */
export function functionNamed(template: Template, name: string): string {
  const found = Object.entries(resources(template, 'AWS::Lambda::Function')).find(([, { Properties }]) => Properties.Handler === name);
  assert.ok(found !== undefined, name);
  return found[0];
}

/** The name of the function with this logical id. */
export function nameOf(template: Template, functionId: string | undefined): string {
  return resources(template, 'AWS::Lambda::Function')[functionId!]?.Properties.Handler;
}

/** The name of the function whose ARN is inside a URI. */
export function called(template: Template, uri: unknown): string | undefined {
  const text = JSON.stringify(uri);
  return Object.entries(resources(template, 'AWS::Lambda::Function'))
    .find(([id]) => text.includes(`"${id}"`))?.[1].Properties.Handler;
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
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
  readonly Principal?: unknown;
}

/** The statements of a role. */
export function statementsOf(template: Template, roleId: string): Statement[] {
  const own = resources(template, 'AWS::IAM::Role')[roleId]?.Properties.Policies ?? [];
  const attached = propertiesOf(template, 'AWS::IAM::Policy')
    .filter(({ Roles }) => Roles.some((role: unknown) => target(role) === roleId));
  return [...own, ...attached].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** The statements of the role of the function with this logical id. */
export function allowedTo(template: Template, functionId: string): Statement[] {
  return statementsOf(template, target(resources(template, 'AWS::Lambda::Function')[functionId]!.Properties.Role)!);
}

/** The statements of a queue's policies. */
export function queuePolicies(template: Template, queueId: string): Statement[] {
  return propertiesOf(template, 'AWS::SQS::QueuePolicy')
    .filter(({ Queues }) => Queues.some((queue: unknown) => target(queue) === queueId))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** The logical id of the failure queue of each service that has one. */
export function failureQueues(template: Template): Map<string, string> {
  return new Map(Object.entries(template.toJSON().Outputs as Section).flatMap(([name, { Value }]) => {
    if (!/^Queue\w+Failures$/.test(name)) return [];
    const queue = target(Value)!;
    return [[allResources(template)[queue]!.Metadata!.service, queue] as const];
  }));
}

export function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
