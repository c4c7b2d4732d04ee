/** Messages: about failures, and about what has happened. */
import type { ReactNode } from 'react';
import { ApiError, messageOf } from '../problem.ts';
import { Button } from './button.tsx';

interface NoticeProps {
  readonly tone?: 'info' | 'good' | 'bad';
  readonly children: ReactNode;
}

export function Notice({ tone = 'info', children }: NoticeProps) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

interface FailureProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** An error, with the id that the logs have of its request. */
export function Failure({ error, onRetry }: FailureProps) {
  const requestId = error instanceof ApiError && error.status >= 500 ? error.problem.requestId : '';
  return (
    <Notice tone="bad">
      <p>{messageOf(error)}</p>
      {requestId !== '' && <p className="small">Request {requestId}</p>}
      {onRetry !== undefined && (
        <Button kind="plain" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}
