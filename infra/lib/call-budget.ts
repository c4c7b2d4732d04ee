/**
 * How long a function's AWS calls can take at worst, and what follows for its timeout and its queue.
 *
 * The functions are told the first two numbers; docs/reliability.md does the sums.
 */

/** How often a call is tried, the first time included. */
export const ATTEMPTS = 3;
/** When a try is given up. A first call over TLS takes most of a second at 256 MB. */
export const ATTEMPT_MILLISECONDS = 1500;
/** Pauses between the tries: at most 50 ms, then at most 100. */
const PAUSES_MILLISECONDS = 150;
/** What the function keeps back to answer and to write its log line. */
const RESERVE_MILLISECONDS = 500;

/** AWS's advice for a queue that a function reads: messages stay hidden for six times its timeout. */
const VISIBILITY_FACTOR = 6;

/** Time in which a function can make so many AWS calls one after the other, each at its worst. */
export function timeoutSeconds(callsInSequence: number): number {
  const call = ATTEMPTS * ATTEMPT_MILLISECONDS + PAUSES_MILLISECONDS;
  return Math.ceil((callsInSequence * call + RESERVE_MILLISECONDS) / 1000);
}

/** How long a message stays hidden from others while a function with that timeout works on it. */
export function visibilitySeconds(timeout: number): number {
  return VISIBILITY_FACTOR * timeout;
}
