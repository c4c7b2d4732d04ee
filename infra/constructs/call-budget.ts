/**
 * The worst-case duration of a function's AWS calls, and the timeouts of function and queue that
 * follow.
 *
 * The first two numbers are in each function's environment; docs/reliability.md does the sums.
 */

/** Attempts per call, the first one included. */
export const ATTEMPTS = 3;
/** Timeout of one attempt. A first call over TLS takes most of a second at 256 MB. */
export const ATTEMPT_MILLISECONDS = 1500;
/** Pauses between attempts: at most 50 ms, then at most 100 ms. */
const PAUSES_MILLISECONDS = 150;
/** Time reserved for the response and the log line. */
const RESERVE_MILLISECONDS = 500;

/** AWS's recommendation: the visibility timeout is six times the function's timeout. */
const VISIBILITY_FACTOR = 6;

/** Timeout that is enough for this many AWS calls in sequence, each at its worst. */
export function timeoutSeconds(callsInSequence: number): number {
  const call = ATTEMPTS * ATTEMPT_MILLISECONDS + PAUSES_MILLISECONDS;
  return Math.ceil((callsInSequence * call + RESERVE_MILLISECONDS) / 1000);
}

/** Visibility timeout of a queue whose consumer has this timeout. */
export function visibilitySeconds(timeout: number): number {
  return VISIBILITY_FACTOR * timeout;
}
