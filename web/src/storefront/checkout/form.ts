/** What a checkout asks for. */
import type { Schemas } from '../../shared/api.ts';

export interface CheckoutForm {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly address: string;
  readonly paymentMethod: Schemas['PaymentMethod'];
  readonly paymentToken: string;
}

export type FormErrors = { readonly [Name in keyof CheckoutForm]?: string | undefined };

/** What can be told without asking the shop; it checks everything again. */
export function errorsOf(form: CheckoutForm): FormErrors {
  const required = ['firstName', 'lastName', 'email', 'address'] as const;
  const blank = required
    .filter((name) => form[name].trim() === '')
    .map((name) => [name, 'Please fill this in.'] as const);
  const errors: { -readonly [Name in keyof FormErrors]: FormErrors[Name] } = Object.fromEntries(blank);
  if (errors.email === undefined && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(form.email.trim()))
    errors.email = 'This is no e-mail address.';
  return errors;
}

/** The tokens of the payment sandbox, which moves no money. */
export const TEST_CARDS: readonly { readonly token: string; readonly label: string }[] = [
  { token: 'tok_visa', label: 'Pays' },
  { token: 'tok_delayed', label: 'Pays after a while' },
  { token: 'tok_declined', label: 'Is declined' },
  { token: 'tok_insufficient_funds', label: 'Has no money' },
  { token: 'tok_timeout', label: 'Pays, but the provider answers late' },
  { token: 'tok_flaky', label: 'Pays at the second attempt' },
];
