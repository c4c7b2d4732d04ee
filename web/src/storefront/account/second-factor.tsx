import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AuthForm } from '../../shared/account/auth-form.tsx';
import type { User } from '../../shared/session.ts';
import { useShop } from '../../shared/shop.ts';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';

/** One-time passwords by an app (TOTP). */
export function SecondFactor({ user }: { readonly user: User }) {
  const { cognito, session } = useShop();
  const [code, setCode] = useState('');
  const factor = useQuery({
    queryKey: ['secondFactor', user.customerId],
    queryFn: async () => cognito.hasSecondFactor(await session.accessToken()),
  });
  const begin = useMutation({ mutationFn: async () => cognito.startSecondFactor(await session.accessToken()) });
  const end = useMutation({
    mutationFn: async () => cognito.setSecondFactor(await session.accessToken(), false),
    onSettled: () => factor.refetch(),
  });
  const secret = begin.data;
  return (
    <section aria-labelledby="second-factor">
      <h2 id="second-factor">Second factor</h2>
      <p>
        With a second factor nobody signs in with your password alone: an app on your phone shows a code that is asked
        for, too.
      </p>
      {factor.isPending && <Skeleton lines={1} />}
      {factor.error !== null && <Failure error={factor.error} onRetry={() => void factor.refetch()} />}
      {factor.data === true && (
        <>
          <Notice tone="good">Your account has a second factor.</Notice>
          <Button kind="plain" busy={end.isPending} onClick={() => end.mutate()}>
            Switch it off
          </Button>
        </>
      )}
      {factor.data === false && secret === undefined && (
        <Button kind="plain" busy={begin.isPending} onClick={() => begin.mutate()}>
          Set it up
        </Button>
      )}
      {factor.data === false && secret !== undefined && (
        <>
          <ol className="numbered">
            <li>
              On a phone, <a href={otpauth(user.userName, secret)}>open your app</a>. Elsewhere, add an account to it
              with this key:
              <br />
              <code className="code secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
            </li>
            <li>Enter the code that it shows.</li>
          </ol>
          <AuthForm
            action="Switch it on"
            onSubmit={async () => {
              await cognito.confirmSecondFactor(await session.accessToken(), code.trim());
              begin.reset();
              setCode('');
              await factor.refetch();
            }}
          >
            {(errorOf) => (
              <TextField
                label="Code"
                inputMode="numeric"
                autoComplete="one-time-code"
                required
                value={code}
                error={errorOf('code')}
                onChange={(event) => setCode(event.target.value)}
              />
            )}
          </AuthForm>
        </>
      )}
      {begin.error !== null && <Failure error={begin.error} />}
      {end.error !== null && <Failure error={end.error} />}
    </section>
  );
}

function otpauth(userName: string, secret: string): string {
  return `otpauth://totp/Ferrocart:${encodeURIComponent(userName)}?${new URLSearchParams({ secret, issuer: 'Ferrocart' })}`;
}
