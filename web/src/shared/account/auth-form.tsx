/** A form about signing in: one action, with Cognito's refusals beside their fields. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode, type SubmitEvent } from 'react';
import { Button } from '../ui/button.tsx';
import { focusFirstError } from '../ui/field.tsx';
import { Failure } from '../ui/notice.tsx';
import { problemOf, type SignInProblem } from './messages.ts';

interface Props {
  readonly action: string;
  readonly onSubmit: () => Promise<void>;
  /** The fields, given what is wrong with each. */
  readonly children: (errorOf: (field: NonNullable<SignInProblem['field']>) => string | undefined) => ReactNode;
}

export function AuthForm({ action, onSubmit, children }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const mutation = useMutation({ mutationFn: onSubmit });
  const problem = problemOf(mutation.error);
  useEffect(() => {
    if (problem?.field !== undefined) focusFirstError(form.current);
  }, [mutation.error, problem?.field]);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!mutation.isPending) mutation.mutate();
  };
  return (
    <form ref={form} className="form" onSubmit={submit}>
      {children((field) => (problem?.field === field ? problem.text : undefined))}
      {mutation.error !== null && problem?.field === undefined && (
        <Failure error={problem === undefined ? mutation.error : new Error(problem.text)} />
      )}
      <Button type="submit" busy={mutation.isPending}>
        {action}
      </Button>
    </form>
  );
}
