import { type Environment, Stack, Tags } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import type { Construct, IConstruct } from 'constructs';
import type { Settings } from '../settings.ts';
import { provide, provided } from './stage-value.ts';

export interface StackContext {
  readonly settings: Settings;
  readonly env: Environment;
}

/** Name of a stack: `ferrocart-<stage>-<service>`. */
export function stackName(settings: Settings, service: string): string {
  return `ferrocart-${settings.stage}-${service}`;
}

/** The stack of one service in one stage, or of what services share. */
export class ServiceStack extends Stack {
  static override of(construct: IConstruct): ServiceStack {
    const stack = Stack.of(construct);
    if (!(stack instanceof ServiceStack)) throw new Error(`${stack.node.path} is not the stack of a service`);
    return stack;
  }

  readonly settings: Settings;
  /** The service, also the last part of the stack's name. */
  readonly service: string;
  /**
   * Whether its failure queue has an alarm, where stages have alarms. Ten are free, so those whose
   * failures can wait have none.
   */
  readonly isWatched: boolean = true;
  /** The owners of the values that this stack reads. */
  readonly readsFrom = new Set<string>();

  constructor(scope: Construct, service: string, { settings, env }: StackContext) {
    super(scope, service, {
      stackName: stackName(settings, service), env, description: `Ferrocart ${service} (${settings.stage})`,
    });
    this.settings = settings;
    this.service = service;
    Tags.of(this).add('project', 'ferrocart');
    Tags.of(this).add('stage', settings.stage);
    Tags.of(this).add('service', service);
  }

  /** Hands a value to other stacks, which read it by `valueOf`. */
  provide(name: string, value: string): void {
    provide(this, this.settings, this.service, name, value);
  }

  /** A value that another stack provides. */
  valueOf(owner: string, name: string): string {
    this.readsFrom.add(owner);
    return provided(this, this.settings, owner, name);
  }

  /** The bus that events are published to. */
  get bus(): IEventBus {
    const known = this.node.tryFindChild('Bus') as IEventBus | undefined;
    return known ?? EventBus.fromEventBusName(this, 'Bus', this.valueOf('foundation', 'event-bus-name'));
  }
}
