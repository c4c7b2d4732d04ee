/** A labelled form field, with its hint and its error beside it. */
import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react';

interface Common {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

export function TextField({ label, hint, error, ...input }: Common & InputHTMLAttributes<HTMLInputElement>) {
  const field = useField(error, hint);
  return (
    <Frame {...field} label={label} hint={hint} error={error} optional={input.required !== true}>
      <input {...input} {...field.control} />
    </Frame>
  );
}

export function TextArea({ label, hint, error, ...input }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const field = useField(error, hint);
  return (
    <Frame {...field} label={label} hint={hint} error={error} optional={input.required !== true}>
      <textarea {...input} {...field.control} />
    </Frame>
  );
}

export function SelectField({
  label,
  hint,
  error,
  children,
  ...input
}: Common & SelectHTMLAttributes<HTMLSelectElement>) {
  const field = useField(error, hint);
  return (
    <Frame {...field} label={label} hint={hint} error={error} optional={false}>
      <select {...input} {...field.control}>
        {children}
      </select>
    </Frame>
  );
}

function useField(error: string | undefined, hint: ReactNode) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [...(hint !== undefined ? [hintId] : []), ...(error !== undefined ? [errorId] : [])].join(' ');
  return {
    hintId,
    errorId,
    control: { id, 'aria-invalid': error !== undefined || undefined, 'aria-describedby': described || undefined },
  };
}

interface FrameProps extends Common {
  readonly hintId: string;
  readonly errorId: string;
  readonly control: { readonly id: string };
  readonly optional: boolean;
  readonly children: ReactNode;
}

function Frame({ label, hint, error, hintId, errorId, control, optional, children }: FrameProps) {
  return (
    <div className="field">
      <label htmlFor={control.id}>
        {label}
        {optional && <span className="optional"> (optional)</span>}
      </label>
      {hint !== undefined && (
        <div className="hint" id={hintId}>
          {hint}
        </div>
      )}
      {children}
      {error !== undefined && (
        <div className="error" id={errorId}>
          {error}
        </div>
      )}
    </div>
  );
}

/** Moves the focus to the first field with an error, once it is rendered. */
export function focusFirstError(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
}
