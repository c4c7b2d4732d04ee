import { TextField } from '../ui/field.tsx';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (password: string) => void;
}

/** A password that the user chooses, with the rules of the user pool. */
export function NewPasswordField({ onChange, ...field }: Props) {
  return (
    <TextField
      {...field}
      hint="At least 12 characters, with small and capital letters and a digit."
      type="password"
      autoComplete="new-password"
      minLength={12}
      required
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
