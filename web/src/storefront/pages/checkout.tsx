import { useEffect, useRef, useState, type ChangeEvent, type SubmitEvent } from 'react';
import { Link, useLocation } from 'wouter';
import type { Schemas } from '../../shared/api.ts';
import { ApiError } from '../../shared/problem.ts';
import { useService } from '../../shared/shop.ts';
import type { User } from '../../shared/session.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { focusFirstError, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { Failure } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price } from '../../shared/ui/values.tsx';
import type { BasketView } from '../basket/basket-view.ts';
import { useBasket } from '../basket/use-basket.ts';
import { errorsOf, TEST_CARDS, type CheckoutForm, type FormErrors } from '../checkout/form.ts';
import { useCheckout } from '../checkout/use-checkout.ts';

const EMPTY: CheckoutForm = {
  firstName: '',
  lastName: '',
  email: '',
  address: '',
  paymentMethod: 'CARD',
  paymentToken: '',
};

export function CheckoutPage({ user }: { readonly user: User }) {
  const { view, error, reload } = useBasket();
  const [, navigate] = useLocation();
  const checkout = useCheckout((receipt) => {
    announce('Your order is placed');
    navigate(`/orders/${receipt.orderId}`, { replace: true });
  });
  // The basket becomes empty when the order is placed, a moment before the page changes.
  const isEmpty = view?.lines.every(({ available }) => !available) === true && !checkout.isSuccess;
  return (
    <Page title="Checkout">
      {error !== null && <Failure error={error} onRetry={reload} />}
      {view === undefined && error === null && <Skeleton lines={6} label="Loading the checkout" />}
      {view !== undefined && isEmpty && (
        <p className="empty">
          Your basket is empty. <Link href="/">Look around</Link>
        </p>
      )}
      {view !== undefined && !isEmpty && <Form user={user} basket={view} checkout={checkout} />}
    </Page>
  );
}

interface FormProps {
  readonly user: User;
  readonly basket: BasketView;
  readonly checkout: ReturnType<typeof useCheckout>;
}

function Form({ user, basket, checkout }: FormProps) {
  const takesPayments = useService('payment');
  const isSandbox = useService('payment-sandbox');
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<CheckoutForm>({
    ...EMPTY,
    email: user.email,
    paymentToken: isSandbox ? 'tok_visa' : '',
  });
  const [own, setOwn] = useState<FormErrors>({});

  const problem = checkout.error instanceof ApiError ? checkout.error : undefined;
  const errorOf = (name: keyof CheckoutForm): string | undefined => own[name] ?? problem?.fieldError(name);
  const hasFieldErrors = problem?.problem.errors?.some(({ field }) => field in values) === true;

  const field = (name: keyof CheckoutForm) => ({
    name,
    value: values[name],
    error: errorOf(name),
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>) => {
      setValues((last) => ({ ...last, [name]: target.value }));
      setOwn((last) => ({ ...last, [name]: undefined }));
    },
  });

  const needsToken = takesPayments && values.paymentMethod !== 'INVOICE';
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const errors = errorsOf(values);
    setOwn(errors);
    if (Object.keys(errors).length > 0) {
      announce('Some fields need your attention');
      focusFirstError(form.current);
      return;
    }
    const { paymentToken, ...rest } = values;
    const body: Schemas['Checkout'] = {
      ...rest,
      userName: user.userName,
      expectedTotal: basket.subtotal,
      ...(needsToken && paymentToken !== '' && { paymentToken }),
    };
    checkout.checkOut(body);
  };

  useEffect(() => {
    if (hasFieldErrors) focusFirstError(form.current);
  }, [problem, hasFieldErrors]);

  return (
    <form ref={form} className="split" noValidate onSubmit={submit}>
      <div>
        <fieldset>
          <legend>Where it goes</legend>
          <div className="pair">
            <TextField label="First name" autoComplete="given-name" maxLength={100} required {...field('firstName')} />
            <TextField label="Last name" autoComplete="family-name" maxLength={100} required {...field('lastName')} />
          </div>
          <TextField label="E-mail" type="email" autoComplete="email" maxLength={254} required {...field('email')} />
          <TextArea
            label="Address"
            autoComplete="street-address"
            rows={3}
            maxLength={500}
            required
            {...field('address')}
          />
        </fieldset>
        <fieldset>
          <legend>Payment</legend>
          <SelectField label="Pay by" {...field('paymentMethod')}>
            <option value="CARD">Card</option>
            <option value="PAYPAL">PayPal</option>
            <option value="INVOICE">Invoice, after delivery</option>
          </SelectField>
          {needsToken && isSandbox && (
            <SelectField label="Test card" hint="This is a demonstration: no money moves." {...field('paymentToken')}>
              {TEST_CARDS.map(({ token, label }) => (
                <option key={token} value={token}>
                  {label} ({token})
                </option>
              ))}
            </SelectField>
          )}
          {needsToken && !isSandbox && (
            <TextField
              label="Payment token"
              hint="From the payment provider. Never a card number."
              autoComplete="off"
              maxLength={200}
              {...field('paymentToken')}
            />
          )}
        </fieldset>
      </div>
      <aside className="summary" aria-label="Your order">
        <ul className="plain">
          {basket.lines
            .filter(({ available }) => available)
            .map((line) => (
              <li key={line.key} className="row">
                <span>
                  {line.quantity} × <bdi>{line.name}</bdi>
                </span>{' '}
                <Price amount={line.lineTotal} currency={basket.currency} />
              </li>
            ))}
        </ul>
        <p className="total">
          <span>Total</span> <Price amount={basket.subtotal} currency={basket.currency} />
        </p>
        <Button type="submit" busy={checkout.isPending}>
          {checkout.isPending ? 'Placing the order…' : 'Place the order'}
        </Button>
        {checkout.failureCount > 0 && checkout.isPending && (
          <p className="small" role="status">
            No answer yet. Trying again: it stays one order.
          </p>
        )}
        {checkout.error !== null && !hasFieldErrors && <CheckoutFailure error={checkout.error} />}
      </aside>
    </form>
  );
}

function CheckoutFailure({ error }: { readonly error: Error }) {
  const kind = error instanceof ApiError ? error.kind : '';
  if (kind === 'other-total' || kind === 'basket-changed') {
    return (
      <Failure
        error={
          new Error('Your basket or its prices have just changed. Look at the new total, and place the order again.')
        }
      />
    );
  }
  return <Failure error={error} />;
}
