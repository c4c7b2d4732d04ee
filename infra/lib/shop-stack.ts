import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { mailAlarms, watch } from './alarms.ts';
import { AuditService } from './audit-service.ts';
import { BasketService } from './basket-service.ts';
import { PrivacyService } from './privacy-service.ts';
import { ShippingService } from './shipping-service.ts';
import { EventArchive } from './event-archive.ts';
import { Fulfilment } from './fulfilment.ts';
import { PublicApi } from './public-api.ts';
import { InventoryService } from './inventory-service.ts';
import { RealtimeService } from './realtime-service.ts';
import { NotificationService } from './notification-service.ts';
import { OrderingService } from './ordering-service.ts';
import { PaymentSandbox } from './payment-sandbox.ts';
import { PaymentService } from './payment-service.ts';
import { ProductService } from './product-service.ts';
import { RustFunction } from './rust-function.ts';
import { ShopSecret } from './secret.ts';
import type { Settings } from './settings.ts';
import { SignIn } from './sign-in.ts';

export interface ShopStackProps extends StackProps {
  readonly settings: Settings;
}

/** One stage of the whole shop: an event bus, a REST API, and the services between them. */
export class ShopStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: ShopStackProps) {
    super(scope, id, { ...props, description: `Ferrocart shop (${settings.stage})` });
    Tags.of(this).add('project', 'ferrocart');
    Tags.of(this).add('stage', settings.stage);

    const bus = new EventBus(this, 'Bus');
    new EventArchive(this, 'Events', { bus });
    const signIn = new SignIn(this, 'SignIn', { settings });
    const api = new PublicApi(this, 'Http', { settings, signIn });
    const tokenClient = signIn.client.userPoolClientId;
    const secrets = {
      providerKey: new ShopSecret(this, 'ProviderKey', { description: `Key of the payment provider's API (${settings.stage})` }),
      webhookSecret: new ShopSecret(this, 'WebhookSecret', {
        description: `What the payment provider signs with (${settings.stage})`,
        use: 'webhooks',
      }),
    };
    const provider = settings.paymentProviderUrl === undefined
      ? new PaymentSandbox(this, 'PaymentSandbox', { settings, secrets, webhookUrl: `${api.url}payment/webhook` })
      : undefined;
    const payment = new PaymentService(this, 'Payment', {
      settings, bus, tokenClient, secrets, providerUrl: settings.paymentProviderUrl ?? provider!.url,
    });
    const inventory = new InventoryService(this, 'Inventory', { settings, bus, tokenClient });
    const shipping = new ShippingService(this, 'Shipping', { settings, bus, tokenClient });
    const ordering = new OrderingService(this, 'Ordering', { settings, bus, tokenClient });
    const fulfilment = new Fulfilment(this, 'Fulfilment', {
      settings,
      bus,
      orders: ordering.orders,
      inventorySteps: inventory.steps,
      paymentCommands: payment.commands,
      shippingCommands: shipping.commands,
    });
    const realtime = new RealtimeService(this, 'Realtime', {
      settings, bus, topic: ordering.topic, users: signIn.pool, tokenClient, logging: api.logging,
    });
    const services = [
      new ProductService(this, 'Product', { settings, bus, tokenClient }),
      new BasketService(this, 'Basket', { settings, bus, tokenClient }),
      ordering,
      fulfilment,
      inventory,
      shipping,
      payment,
      ...(provider === undefined ? [] : [provider]),
      new NotificationService(this, 'Notification', { settings, bus, topic: ordering.topic }),
      new AuditService(this, 'Audit', { settings, tokenClient, topic: ordering.topic }),
      realtime,
      new PrivacyService(this, 'Privacy', { settings, bus, tokenClient, users: signIn.pool }),
    ];

    api.addRoutes(this.node.findAll().filter((construct) => construct instanceof RustFunction));

    if (settings.alarms) watch(this, services, settings.stage);
    if (settings.alarmEmail !== undefined) mailAlarms(this, settings.alarmEmail);

    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'ApiId', { value: api.id });
    new CfnOutput(this, 'WebSocketUrl', { value: realtime.api.url });
    new CfnOutput(this, 'WebSocketApiId', { value: realtime.api.id });
    new CfnOutput(this, 'UserPoolId', { value: signIn.pool.userPoolId });
    new CfnOutput(this, 'UserPoolClientId', { value: signIn.client.userPoolClientId });
    new CfnOutput(this, 'Region', { value: this.region });
    new CfnOutput(this, 'Stage', { value: settings.stage });
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
  }
}
