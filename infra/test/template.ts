import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readSettings } from '../settings.ts';
import { pascalCase } from '../constructs/outputs.ts';
import type { ServiceStack } from '../constructs/service-stack.ts';
import { selectServices } from '../services.ts';
import { createStacks } from '../shop.ts';

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

/**
 * The template of all stacks of a stage as one, for the given settings, cached because synthesis
 * takes seconds. Logical ids begin with the name of their service, and what a stack reads from a
 * parameter of another stack is replaced by what that stack provides.
 */
export function synthesize(context: Record<string, string> = {}): Template {
  const name = JSON.stringify(Object.entries(context).sort());
  const known = templates.get(name);
  if (known !== undefined) return known;
  const template = Template.fromJSON(merged(stacks(context)));
  templates.set(name, template);
  return template;
}

/** The stacks of a stage. */
export function stacks(context: Record<string, string> = {}): ServiceStack[] {
  const values: Record<string, string> = { functions: allFunctions, services: 'all', ...context };
  const settings = readSettings((name) => values[name]);
  return createStacks(new App(), { settings, env: {} }, selectServices(values.services!, '', settings));
}

type Section = Record<string, any>;

function merged(all: readonly ServiceStack[]): Section {
  const whole: Section = { Resources: {}, Outputs: {} };
  const provided = new Map<string, unknown>();
  for (const stack of all) {
    const { Resources, Outputs = {}, Parameters = {} } = Template.fromStack(stack).toJSON() as Section;
    const prefix = pascalCase(stack.service);
    const rename = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(rename);
      if (typeof value !== 'object' || value === null) return value;
      const { Ref: ref, 'Fn::GetAtt': attribute } = value as Section;
      if (ref in Resources) return { Ref: prefix + ref };
      const parameter = Parameters[ref];
      if (parameter?.Type === 'AWS::SSM::Parameter::Value<String>' && parameter.Default.startsWith('/ferrocart/')) {
        assert.ok(provided.has(parameter.Default), `${stack.service} reads ${parameter.Default}, which no earlier stack provides`);
        return provided.get(parameter.Default);
      }
      if (attribute !== undefined) return { 'Fn::GetAtt': [prefix + attribute[0], ...attribute.slice(1)] };
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rename(member)]));
    };
    for (const [id, resource] of Object.entries(Resources as Section)) {
      const { DependsOn, ...rest } = resource;
      const renamed = rename(rest) as Section;
      if (DependsOn !== undefined) renamed.DependsOn = list(DependsOn).map((other) => prefix + other);
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
