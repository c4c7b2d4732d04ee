export type Decimal = string & { readonly decimal: unique symbol };
