/** Cognito's refusals, for people. */
import { CognitoError } from '../cognito.ts';

export interface SignInProblem {
  /** The form's field that is at fault, if one is. */
  readonly field?: 'userName' | 'email' | 'password' | 'code';
  readonly text: string;
}

const PROBLEMS: Readonly<Record<string, SignInProblem>> = {
  NotAuthorizedException: { text: 'The name or the password is wrong.' },
  UserNotFoundException: { text: 'The name or the password is wrong.' },
  UsernameExistsException: { field: 'userName', text: 'This name is taken.' },
  // The shop's own rule, about names.
  UserLambdaValidationException: {
    field: 'userName',
    text: 'This name cannot be used. It has letters, digits and . _ @ + - only, and is no reserved word.',
  },
  AliasExistsException: { field: 'email', text: 'This address belongs to another account.' },
  CodeMismatchException: { field: 'code', text: 'The code is wrong.' },
  EnableSoftwareTokenMFAException: { field: 'code', text: 'The code is wrong.' },
  ExpiredCodeException: { field: 'code', text: 'The code has expired. Ask for another one.' },
  InvalidPasswordException: {
    field: 'password',
    text: 'At least 12 characters, with small and capital letters and a digit.',
  },
  LimitExceededException: { text: 'Too many attempts. Wait a few minutes.' },
  TooManyRequestsException: { text: 'Too many attempts. Wait a few minutes.' },
  TooManyFailedAttemptsException: { text: 'Too many attempts. Wait a few minutes.' },
};

export function problemOf(error: unknown): SignInProblem | undefined {
  if (!(error instanceof CognitoError)) return undefined;
  const known = PROBLEMS[error.kind];
  // Cognito writes a reason here only for a session that is over.
  if (error.kind === 'NotAuthorizedException' && /session|attempts/i.test(error.message))
    return { text: error.message };
  return known ?? { text: error.message };
}
