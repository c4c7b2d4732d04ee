/** A question that must be answered before anything else. */
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Button } from './button.tsx';

interface Props {
  readonly title: string;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly busy?: boolean;
  /** Whether it can be confirmed yet. */
  readonly ready?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({
  title,
  confirm,
  danger = false,
  busy = false,
  ready = true,
  onConfirm,
  onClose,
  children,
}: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const opener = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) onConfirm();
        }}
      >
        <h2 id={heading}>{title}</h2>
        {children}
        <div className="actions">
          <Button kind="plain" onClick={onClose}>
            Back
          </Button>
          <Button kind={danger ? 'danger' : 'primary'} type="submit" busy={busy} disabled={!ready}>
            {confirm}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
