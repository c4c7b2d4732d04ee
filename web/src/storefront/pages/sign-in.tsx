import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { SignInForm } from '../../shared/account/sign-in-form.tsx';
import { useSession } from '../../shared/shop.ts';
import { Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { ConfirmForm } from '../account/confirm-form.tsx';

export function SignInPage() {
  const state = useSession();
  const [search] = useSearchParams();
  const [unconfirmed, setUnconfirmed] = useState<{ name: string; password: string }>();
  const next = search.get('next');
  if (unconfirmed !== undefined)
    return (
      <Page title="Confirm your address" narrow>
        <ConfirmForm {...unconfirmed} resend />
      </Page>
    );
  return (
    <Page title="Sign in" narrow>
      {state.status === 'signedOut' && state.ended && <Notice>Your session has ended. Please sign in again.</Notice>}
      <SignInForm onUnconfirmed={(name, password) => setUnconfirmed({ name, password })} />
      <p className="links">
        <Link href={`/sign-up${next === null ? '' : `?${new URLSearchParams({ next })}`}`}>Create an account</Link>
        <Link href="/forgotten-password">Forgotten your password?</Link>
      </p>
    </Page>
  );
}
