import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { AuthForm } from '../../shared/account/auth-form.tsx';
import { NewPasswordField } from '../../shared/account/new-password-field.tsx';
import { useShop } from '../../shared/shop.ts';
import { TextField } from '../../shared/ui/field.tsx';
import { Page } from '../../shared/ui/page.tsx';

export function ForgottenPasswordPage() {
  const { cognito, session } = useShop();
  const [, navigate] = useLocation();
  const [name, setName] = useState('');
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [isSent, setSent] = useState(false);
  if (!isSent) {
    return (
      <Page key="name" title="Forgotten password" narrow>
        <AuthForm
          action="Send a code"
          onSubmit={async () => {
            await cognito.forgotPassword(name.trim());
            setSent(true);
          }}
        >
          {() => (
            <TextField
              label="User name or e-mail"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </AuthForm>
        <p className="links">
          <Link href="/sign-in">Back to sign-in</Link>
        </p>
      </Page>
    );
  }
  return (
    <Page key="code" title="New password" narrow>
      <p>If there is such an account, we sent a code to its e-mail address.</p>
      <AuthForm
        action="Set the password"
        onSubmit={async () => {
          await cognito.resetPassword(name.trim(), code.trim(), password);
          // A second factor is asked for over there.
          if ((await session.signIn(name.trim(), password)) !== undefined) navigate('/sign-in');
        }}
      >
        {(errorOf) => (
          <>
            <TextField
              label="Code"
              inputMode="numeric"
              autoComplete="one-time-code"
              required
              value={code}
              error={errorOf('code')}
              onChange={(event) => setCode(event.target.value)}
            />
            <NewPasswordField label="New password" value={password} error={errorOf('password')} onChange={setPassword} />
          </>
        )}
      </AuthForm>
    </Page>
  );
}
