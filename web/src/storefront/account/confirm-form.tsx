/** Takes the code that was mailed after a sign-up, and signs in. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { AuthForm } from '../../shared/account/auth-form.tsx';
import { useShop } from '../../shared/shop.ts';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';

interface Props {
  readonly name: string;
  readonly password: string;
  /** Whether to begin with another code. */
  readonly resend?: boolean;
}

export function ConfirmForm({ name, password, resend = false }: Props) {
  const { cognito, session } = useShop();
  const [code, setCode] = useState('');
  const again = useMutation({ mutationFn: () => cognito.resendCode(name) });
  const begun = useRef(false);
  const { mutate } = again;
  useEffect(() => {
    if (resend && !begun.current) mutate();
    begun.current = true;
  }, [mutate, resend]);
  return (
    <>
      <p>We sent a code to your e-mail address.</p>
      <AuthForm
        action="Confirm"
        onSubmit={async () => {
          await cognito.confirmSignUp(name, code.trim());
          await session.signIn(name, password);
        }}
      >
        {(errorOf) => (
          <TextField
            label="Code"
            inputMode="numeric"
            autoComplete="one-time-code"
            autoFocus
            required
            value={code}
            error={errorOf('code')}
            onChange={(event) => setCode(event.target.value)}
          />
        )}
      </AuthForm>
      <p className="links">
        <Button kind="link" busy={again.isPending} onClick={() => mutate()}>
          Send another code
        </Button>
      </p>
      {again.isSuccess && <Notice tone="good">Another code is on its way.</Notice>}
      {again.error !== null && <Failure error={again.error} />}
    </>
  );
}
