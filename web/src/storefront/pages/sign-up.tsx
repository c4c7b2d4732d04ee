import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { AuthForm } from '../../shared/account/auth-form.tsx';
import { NewPasswordField } from '../../shared/account/new-password-field.tsx';
import { useShop } from '../../shared/shop.ts';
import { TextField } from '../../shared/ui/field.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { ConfirmForm } from '../account/confirm-form.tsx';

export function SignUpPage() {
  const { cognito } = useShop();
  const [search] = useSearchParams();
  const [userName, setUserName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isMade, setMade] = useState(false);
  const next = search.get('next');
  if (isMade)
    return (
      <Page key="confirm" title="Confirm your address" narrow>
        <ConfirmForm name={userName.trim()} password={password} />
      </Page>
    );
  return (
    <Page key="form" title="Create an account" narrow>
      <AuthForm
        action="Create the account"
        onSubmit={async () => {
          await cognito.signUp(userName.trim(), email.trim(), password);
          setMade(true);
        }}
      >
        {(errorOf) => (
          <>
            <TextField
              label="User name"
              hint="Letters, digits and . _ @ + -"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={128}
              required
              value={userName}
              error={errorOf('userName')}
              onChange={(event) => setUserName(event.target.value)}
            />
            <TextField
              label="E-mail"
              type="email"
              autoComplete="email"
              required
              value={email}
              error={errorOf('email')}
              onChange={(event) => setEmail(event.target.value)}
            />
            <NewPasswordField label="Password" value={password} error={errorOf('password')} onChange={setPassword} />
          </>
        )}
      </AuthForm>
      <p className="links">
        <Link href={`/sign-in${next === null ? '' : `?${new URLSearchParams({ next })}`}`}>I have an account</Link>
      </p>
    </Page>
  );
}
