// Generated from docs/openapi.json by `npm run api`. Do not edit.
import type { Decimal } from './money.ts';

/** The names of the fields that are amounts of money. */
export const DECIMAL_FIELDS: ReadonlySet<string> = new Set(["amount","expectedTotal","lineTotal","price","refunded","subtotal","totalPrice"]);

export interface paths {
    "/audit/{orderId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List an order's events, oldest first */
        get: operations["readAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/basket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List baskets, without prices */
        get: operations["listBaskets"];
        put?: never;
        /** Replace a basket */
        post: operations["replaceBasket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/basket/checkout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check out a basket */
        post: operations["checkOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/basket/{userName}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a basket with current prices */
        get: operations["readBasket"];
        put?: never;
        post?: never;
        /** Empty a basket */
        delete: operations["emptyBasket"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/basket/{userName}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add an item to a basket */
        post: operations["addItem"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/basket/{userName}/items/{itemId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove an item from a basket */
        delete: operations["removeItem"];
        options?: never;
        head?: never;
        /** Change the quantity of an item */
        patch: operations["changeItem"];
        trace?: never;
    };
    "/customer/{customerId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export a customer's data */
        get: operations["exportCustomer"];
        put?: never;
        post?: never;
        /** Erase a customer's data */
        delete: operations["eraseCustomer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health check */
        get: operations["readHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Erase the caller's data */
        delete: operations["eraseMe"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export one's own data */
        get: operations["exportMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get this document */
        get: operations["readDescription"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List orders, optionally by status */
        get: operations["listOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/order/{userName}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List a customer's orders, newest first */
        get: operations["listOrdersOfCustomer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/order/{userName}/{orderId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an order */
        get: operations["readOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/order/{userName}/{orderId}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel an order that has not shipped */
        post: operations["cancelOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Receive a webhook of the payment provider */
        post: operations["receivePaymentWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/{orderId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an order's payment */
        get: operations["readPayment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/product": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List products, optionally by category */
        get: operations["listProducts"];
        put?: never;
        /** Create a product */
        post: operations["createProduct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/product/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a product */
        get: operations["readProduct"];
        /** Replace a product */
        put: operations["replaceProduct"];
        post?: never;
        /** Delete a product */
        delete: operations["removeProduct"];
        options?: never;
        head?: never;
        /** Update fields of a product */
        patch: operations["changeProduct"];
        trace?: never;
    };
    "/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Find products by words of their name, category and description */
        get: operations["searchProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/shipment/{orderId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an order's shipment */
        get: operations["readShipment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/{productId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a product's stock */
        get: operations["readStock"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/{productId}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Receive stock */
        post: operations["takeIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A request that is being worked on, as clients see it. */
        Accepted: {
            /** Format: uuid */
            customerId: string;
            /** Format: uuid */
            requestId: string;
            /** Format: date-time */
            requestedAt: string;
            status: components["schemas"]["RequestStatus"];
        };
        /** @description The customer's account, from the claims of their ID token. */
        Account: {
            email?: string;
            userName?: string;
        };
        /** @description An event in the history of an order, for staff. */
        AuditEntry: {
            /** Format: uuid */
            causationId?: string;
            currency?: string;
            /** Format: uuid */
            eventId: string;
            /** Format: date-time */
            occurredAt: string;
            /** Format: uuid */
            orderId: string;
            reason?: components["schemas"]["Reason"];
            totalPrice?: Decimal;
            type: string;
            units?: components["schemas"]["LineQuantity"][];
            /** Format: uint32 */
            version: number;
        };
        /** @description A page of a list, as clients see it. */
        AuditEntryPage: {
            /** @description The items of this page. */
            items: components["schemas"]["AuditEntry"][];
            /** @description Asks for the next page; none on the last one. */
            nextCursor?: string;
        };
        /** @description A basket as clients see it. */
        Basket: {
            currency: string;
            /**
             * Format: uuid
             * @description `None` when staff read a name that has no basket.
             */
            customerId?: string;
            items: components["schemas"]["BasketItem"][];
            subtotal: Decimal;
            userName: string;
        };
        /** @description A line as clients see it. */
        BasketItem: {
            available: boolean;
            color?: string;
            /** Format: uuid */
            itemId: string;
            lineTotal: Decimal;
            price: Decimal;
            priceChanged: boolean;
            /** Format: uuid */
            productId: string;
            productName?: string;
            quantity: number;
        };
        /** @description A basket in a list, without prices: these would need a read of every product. */
        BasketSummary: {
            /** Format: uuid */
            customerId: string;
            items: components["schemas"]["BasketSummaryItem"][];
            userName: string;
        };
        /** @description A line of a basket in a list. */
        BasketSummaryItem: {
            color?: string;
            /** Format: uuid */
            itemId: string;
            /** Format: uuid */
            productId: string;
            quantity: number;
        };
        /** @description A page of a list, as clients see it. */
        BasketSummaryPage: {
            /** @description The items of this page. */
            items: components["schemas"]["BasketSummary"][];
            /** @description Asks for the next page; none on the last one. */
            nextCursor?: string;
        };
        /**
         * @description The recipient and the means of payment. Fields that name card data, at any depth, and card
         *     numbers in the texts below are rejected.
         */
        Checkout: {
            address: string;
            /** Format: idn-email */
            email: string;
            /**
             * @description The total that the customer was shown. The checkout is rejected if the basket's total
             *     differs.
             */
            expectedTotal?: Decimal | null;
            firstName: string;
            lastName: string;
            paymentMethod: components["schemas"]["PaymentMethod"];
            paymentToken?: (string | null) | string;
            userName: string;
        };
        /** @description Why a payment was declined. */
        DeclineReason: "DECLINED" | "INSUFFICIENT_FUNDS" | "UNKNOWN_TOKEN";
        /** @description All data that the shop holds of a customer, or a page of it. The services that hold it wrote it. */
        Export: {
            account?: components["schemas"]["Account"];
            /** Format: uuid */
            customerId: string;
            /** @description The data by the service that holds it. */
            data: {
                [key: string]: {
                    [key: string]: unknown;
                }[];
            };
            nextCursor?: string;
            /** Format: uuid */
            requestId: string;
            /** Format: date-time */
            requestedAt: string;
        };
        /** @description One field at fault. */
        FieldError: {
            /** @description What is wrong with it. */
            detail: string;
            /** @description Which: `price`, `items[0].quantity`. */
            field: string;
        };
        /** @description A product that was found. Its other details are at `/product/{id}`. */
        FoundProduct: {
            category: string;
            currency: string;
            /** Format: uuid */
            id: string;
            imageFile?: string;
            name: string;
            price: Decimal;
        };
        /** @description A page of a list, as clients see it. */
        FoundProductPage: {
            /** @description The items of this page. */
            items: components["schemas"]["FoundProduct"][];
            /** @description Asks for the next page; none on the last one. */
            nextCursor?: string;
        };
        /**
         * @description Units of a product. Its name and price are ignored: they come from the catalogue. A card number
         *     is not a valid colour.
         */
        Item: {
            color?: (string | null) | string;
            /** Format: uuid */
            productId: string;
            quantity: number;
        };
        /** @description A new number of units. */
        ItemChange: {
            quantity: number;
        };
        /** @description Units of one product that belong to an order. */
        LineQuantity: {
            /**
             * Format: uuid
             * @description The product.
             */
            productId: string;
            /** @description The number of units in one line. A product in several colours has several lines. */
            quantity: number;
        };
        /** @description A whole basket. */
        NewBasket: {
            items: components["schemas"]["Item"][];
            userName: string;
        };
        /** @description An order as clients see it. The payment token stays with us. */
        Order: {
            address: string;
            /** Format: date-time */
            cancelRequestedAt?: string;
            correlationId: string;
            currency: string;
            /** Format: uuid */
            customerId: string;
            /** Format: email */
            email: string;
            firstName: string;
            history: components["schemas"]["StatusChange"][];
            items: components["schemas"]["OrderItem"][];
            lastName: string;
            /** Format: date-time */
            orderDate: string;
            /** Format: uuid */
            orderId: string;
            paymentMethod: components["schemas"]["PaymentMethod"];
            status: components["schemas"]["OrderStatus"];
            totalPrice: Decimal;
            userName: string;
        };
        /** @description A line as clients see it. */
        OrderItem: {
            color?: string;
            lineTotal: Decimal;
            price: Decimal;
            /** Format: uuid */
            productId: string;
            productName: string;
            quantity: number;
        };
        /** @description A page of a list, as clients see it. */
        OrderPage: {
            /** @description The items of this page. */
            items: components["schemas"]["Order"][];
            /** @description Asks for the next page; none on the last one. */
            nextCursor?: string;
        };
        /**
         * @description The status of an order.
         *
         *     ```text
         *     PENDING ──> STOCK_RESERVED ──> PAID ──> SHIPPED ──> DELIVERED
         *        │              │  │           │
         *        └──> REJECTED <┘  └────────┐  │
         *        └──────────────────────> CANCELLED
         *     ```
         */
        OrderStatus: "PENDING" | "STOCK_RESERVED" | "PAID" | "SHIPPED" | "DELIVERED" | "REJECTED" | "CANCELLED";
        /** @description The payment of an order, for staff. */
        Payment: {
            /** @description Missing if the payment was cancelled before its amount was known. */
            amount?: Decimal;
            /** @description The provider's id of the charge. */
            chargeId?: string;
            currency?: string;
            history: components["schemas"]["PaymentStateChange"][];
            method?: components["schemas"]["PaymentMethod"];
            /** Format: uuid */
            orderId: string;
            /** @description Why it was declined. */
            reason?: components["schemas"]["DeclineReason"];
            /** @description The total refunded so far; less than `amount` while the payment is `SETTLED`. */
            refunded?: Decimal;
            /**
             * Format: date-time
             * @description When that amount last grew.
             */
            refundedAt?: string;
            state: components["schemas"]["PaymentState"];
        };
        /** @description How the customer pays. */
        PaymentMethod: "CARD" | "PAYPAL" | "INVOICE";
        /** @description The state of a payment. */
        PaymentState: "PENDING" | "SETTLED" | "DECLINED" | "REFUNDING" | "REFUNDED";
        /** @description One entry of a payment's history. */
        PaymentStateChange: {
            /**
             * Format: date-time
             * @description When the payment entered the state.
             */
            at: string;
            /** @description The state from then on. */
            state: components["schemas"]["PaymentState"];
        };
        /** @description What the provider reports. */
        PaymentWebhook: {
            /** @description Of these types a charge. */
            data?: {
                [key: string]: unknown;
            } | null;
            /** @description `charge.settled`, `charge.declined`, `charge.refunded`; others are acknowledged and ignored. */
            type: string;
        };
        /** @description What became of a webhook. */
        PaymentWebhookReceipt: {
            /** @description Whether it took effect before. */
            replayed: boolean;
        };
        /** @description Why a request was not granted (RFC 9457). */
        Problem: {
            /** @description What is special this time. */
            detail: string;
            /** @description Each field or parameter at fault. */
            errors?: components["schemas"]["FieldError"][];
            /** @description Names the request in the logs. */
            requestId: string;
            /**
             * Format: uint16
             * @description The status; the gateway leaves it out where it does not know it.
             */
            status?: number;
            /** @description Names it for people. */
            title: string;
            /** @description Names the kind of problem for machines. */
            type: string;
        };
        /** @description A product as clients see it. */
        Product: {
            /**
             * Format: uint64
             * @description Units for sale; `None` before stock was first received.
             */
            available?: number;
            category: string;
            /** Format: date-time */
            createdAt: string;
            currency: string;
            description?: string;
            /** Format: uuid */
            id: string;
            imageFile?: string;
            name: string;
            price: Decimal;
            /** Format: date-time */
            updatedAt: string;
            /** Format: uint64 */
            version: number;
        };
        /**
         * @description The details of a product that staff edit. An empty text counts as absent. Other fields are
         *     ignored, so a product can be sent back as it was read.
         */
        ProductDetails: {
            category: string;
            currency?: (string | null) | string;
            description?: string | null;
            imageFile?: (string | null) | string;
            name: string;
            /** @description With as many decimals as the shop's currency has. */
            price: Decimal;
        };
        /** @description A page of a list, as clients see it. */
        ProductPage: {
            /** @description The items of this page. */
            items: components["schemas"]["Product"][];
            /** @description Asks for the next page; none on the last one. */
            nextCursor?: string;
        };
        /** @description A JSON merge patch (RFC 7396) of a product's details: null or an empty text removes a field. */
        ProductPatch: {
            category?: string;
            currency?: (string | null) | string;
            description?: string | null;
            imageFile?: (string | null) | string;
            name?: string;
            /** @description With as many decimals as the shop's currency has. */
            price?: Decimal;
        };
        /** @description Why an order was rejected or cancelled. */
        Reason: "OUT_OF_STOCK" | "PAYMENT_DECLINED" | "PAYMENT_TIMED_OUT" | "SHIPPING_IMPOSSIBLE" | "CUSTOMER_REQUEST" | "FULFILMENT_FAILED";
        /** @description The response to an accepted checkout. */
        Receipt: {
            /** @description The total's currency. */
            currency: string;
            /**
             * Format: date-time
             * @description When it was placed.
             */
            orderDate: string;
            /**
             * Format: uuid
             * @description The id of the new order.
             */
            orderId: string;
            /** @description The order's status. */
            status: components["schemas"]["OrderStatus"];
            /** @description The order's total price. */
            totalPrice: Decimal;
        };
        ReceivedUnits: number;
        /**
         * @description What is being done about a request.
         * @enum {string}
         */
        RequestStatus: "COLLECTING" | "ERASING";
        /** @description The shipment of an order, for staff. It has no address. */
        Shipment: {
            history: components["schemas"]["StateChange"][];
            /** Format: uuid */
            orderId: string;
            state: components["schemas"]["ShipmentState"];
            units: components["schemas"]["LineQuantity"][];
        };
        /**
         * @description The state of a shipment.
         *
         *     ```text
         *     CREATED ──> DISPATCHED ──> DELIVERED
         *        └──> CANCELLED            REFUSED
         *     ```
         */
        ShipmentState: "CREATED" | "DISPATCHED" | "DELIVERED" | "REFUSED" | "CANCELLED";
        /** @description One entry of a shipment's history. */
        StateChange: {
            /**
             * Format: date-time
             * @description When the shipment entered the state.
             */
            at: string;
            /** @description The state from then on. */
            state: components["schemas"]["ShipmentState"];
        };
        /** @description One entry of an order's history. */
        StatusChange: {
            /**
             * Format: date-time
             * @description When the order reached the status.
             */
            at: string;
            /** @description The reason, if the order was rejected or cancelled. */
            reason?: components["schemas"]["Reason"];
            /** @description The order's new status. */
            status: components["schemas"]["OrderStatus"];
        };
        /** @description The stock of a product as staff see it. */
        Stock: {
            /** Format: uint64 */
            onHand: number;
            /** Format: uuid */
            productId: string;
            /** Format: uint64 */
            received: number;
            /** Format: uint64 */
            reserved: number;
            /** Format: uint64 */
            shipped: number;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description A delivery. */
        StockReceipt: {
            quantity: components["schemas"]["ReceivedUnits"];
        };
    };
    responses: {
        /** @description The request cannot be read, or a query parameter is wrong. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The caller is not in the required group, or the stage requires an API key. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The gateway waited in vain: look before you try again. */
        GatewayTimeout: {
            headers: {
                "Retry-After": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Something went wrong on our side. */
        InternalServerError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such resource. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        PayloadTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It may work in a moment. */
        ServiceUnavailable: {
            headers: {
                "Retry-After": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests. */
        TooManyRequests: {
            headers: {
                "Retry-After": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nobody is signed in. */
        Unauthorized: {
            headers: {
                "WWW-Authenticate": "Bearer";
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Fields are wrong; `errors` names each. */
        UnprocessableEntity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is compressed, or in another charset than UTF-8. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
        CorrelationId: string;
    };
    requestBodies: never;
    headers: {
        /** @description Names the request in all logs. */
        CorrelationId: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readAudit: {
        parameters: {
            query?: {
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the order. */
                orderId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description What the path names cannot be an order. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    listBaskets: {
        parameters: {
            query?: {
                /** @description Only of customers who have, or had, this name. */
                userName?: string;
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BasketSummaryPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    replaceBasket: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBasket"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Basket"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The customer's data was erased: nothing is stored for them any more. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    checkOut: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description The same request with the same key happens once and is answered the same for a day. */
                "Idempotency-Key"?: string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Checkout"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where it is, relative to the request's URL. */
                    Location: string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The basket is empty, has changed, costs something else, or holds what is no longer sold. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readBasket: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Basket"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            /** @description Nobody is called `checkout`: that is another route. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Several customers have had this name; the answer has their ids. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    emptyBasket: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            /** @description Nobody is called `checkout`: that is another route. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    addItem: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Item"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Basket"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            /** @description The customer's data was erased: nothing is stored for them any more. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    removeItem: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
                /** @description Names the line. */
                itemId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer, or the basket has no such line. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The customer's data was erased: nothing is stored for them any more. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    changeItem: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
                /** @description Names the line. */
                itemId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ItemChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Basket"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer, or the basket has no such line. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The customer's data was erased: nothing is stored for them any more. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    exportCustomer: {
        parameters: {
            query?: {
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Identifies the customer, also when the account is gone. */
                customerId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    "Retry-After": string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description That is no customer id. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    eraseCustomer: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Identifies the customer, also when the account is gone. */
                customerId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description That is no customer id. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
        };
    };
    eraseMe: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    exportMe: {
        parameters: {
            query?: {
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    "Retry-After": string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readDescription: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    listOrders: {
        parameters: {
            query?: {
                /** @description Only of this status, newest first. */
                status?: components["schemas"]["OrderStatus"];
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    listOrdersOfCustomer: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
                /** @description Only of this moment, or of this day in UTC. */
                orderDate?: string;
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readOrder: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
                /** @description Names the order. */
                orderId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer, or no such order of theirs. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    cancelOrder: {
        parameters: {
            query?: {
                /** @description One of the customers who have, or had, the user name. Required of staff who change data of others. */
                customerId?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The customer. */
                userName: string;
                /** @description Names the order. */
                orderId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no such customer, or no such order of theirs. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The parcel has left, the order is over, or it is being cancelled already. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    receivePaymentWebhook: {
        parameters: {
            query?: never;
            header: {
                /** @description Identifies the webhook: one that is sent again has the same. */
                "Webhook-Id": string;
                /** @description When this attempt was signed, in Unix seconds: at most five minutes ago or ahead. */
                "Webhook-Timestamp": string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PaymentWebhook"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentWebhookReceipt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            /** @description There is no payment of such an order. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description The body is no such webhook, or its charge is not that of the order or cannot be: for example, more was refunded than charged. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readPayment: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the order. */
                orderId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description There is no such order, or nothing was asked for it yet. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    listProducts: {
        parameters: {
            query?: {
                /** @description Only of this category. */
                category?: string;
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    createProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProductDetails"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The version, for If-Match and If-None-Match. */
                    ETag: string;
                    /** @description Where it is, relative to the request's URL. */
                    Location: string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags: only if the resource has one of these. */
                "If-Match"?: string;
                /** @description ETags: only if the resource has none of these. */
                "If-None-Match"?: string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the product. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, for If-Match and If-None-Match. */
                    ETag: string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    /** @description The version, for If-Match and If-None-Match. */
                    ETag: string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            /** @description There is no such product. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The resource has another version. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    replaceProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags: only if the resource has one of these. */
                "If-Match"?: string;
                /** @description ETags: only if the resource has none of these. */
                "If-None-Match"?: string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the product. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProductDetails"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, for If-Match and If-None-Match. */
                    ETag: string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description There is no such product. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The resource has another version. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    removeProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags: only if the resource has one of these. */
                "If-Match"?: string;
                /** @description ETags: only if the resource has none of these. */
                "If-None-Match"?: string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the product. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description There is no such product. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The resource has another version. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    changeProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags: only if the resource has one of these. */
                "If-Match"?: string;
                /** @description ETags: only if the resource has none of these. */
                "If-None-Match"?: string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the product. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProductPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, for If-Match and If-None-Match. */
                    ETag: string;
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description There is no such product. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The resource has another version. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    searchProducts: {
        parameters: {
            query: {
                /** @description Up to 8 words, all of which the products have; the last one may be the beginning of a word. */
                q: string;
                /** @description How many items a page has at most. */
                limit?: number;
                /** @description The `nextCursor` of the page before, of the same list. */
                cursor?: string;
            };
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundProductPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readShipment: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the order. */
                orderId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shipment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description There is no shipment of such an order. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    readStock: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the product. */
                productId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stock"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description Nothing of such a product was ever taken in. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    takeIn: {
        parameters: {
            query?: never;
            header: {
                /** @description Names the delivery: with the same key it is counted once within 30 days. */
                "Idempotency-Key": string;
                /** @description 1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. Anything else is replaced. */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description Names the product. */
                productId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StockReceipt"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stock"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description That is no id of a product. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
}
