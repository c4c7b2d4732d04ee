/** Signs in: by password, and then by whatever else the account asks for. */
import { useState } from 'react';
import { CognitoError, type SignInChallenge } from '../cognito.ts';
import { useShop } from '../shop.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { AuthForm } from './auth-form.tsx';

interface Props {
  /** The account's e-mail address was never confirmed. */
  readonly onUnconfirmed?: (name: string, password: string) => void;
}

export function SignInForm({ onUnconfirmed }: Props) {
  const { session } = useShop();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [challenge, setChallenge] = useState<SignInChallenge>();
  const [answer, setAnswer] = useState('');

  const signIn = async (): Promise<void> => {
    try {
      setChallenge(await session.signIn(name.trim(), password));
    } catch (error) {
      if (onUnconfirmed === undefined || !(error instanceof CognitoError) || error.kind !== 'UserNotConfirmedException')
        throw error;
      onUnconfirmed(name.trim(), password);
    }
  };

  if (challenge !== undefined) {
    const isCode = challenge.name === 'SOFTWARE_TOKEN_MFA';
    return (
      <>
        <AuthForm
          key="challenge"
          action="Continue"
          onSubmit={async () => setChallenge(await session.answer(challenge, isCode ? answer.trim() : answer))}
        >
          {(errorOf) =>
            isCode ? (
              <TextField
                label="Code of your app"
                inputMode="numeric"
                autoComplete="one-time-code"
                autoFocus
                required
                value={answer}
                error={errorOf('code')}
                onChange={(event) => setAnswer(event.target.value)}
              />
            ) : (
              <TextField
                label="New password"
                type="password"
                autoComplete="new-password"
                autoFocus
                required
                value={answer}
                error={errorOf('password')}
                onChange={(event) => setAnswer(event.target.value)}
              />
            )
          }
        </AuthForm>
        <p className="links">
          <Button kind="link" onClick={() => setChallenge(undefined)}>
            Start again
          </Button>
        </p>
      </>
    );
  }
  return (
    <AuthForm key="password" action="Sign in" onSubmit={signIn}>
      {() => (
        <>
          <TextField
            label="User name or e-mail"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </>
      )}
    </AuthForm>
  );
}
