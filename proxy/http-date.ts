/** The Date of an answer (RFC 9110 §5.6.7), made once a second. */

let second = 0;
let text = '';

/** Now, as HTTP writes it. */
export function httpDate(): string {
  const current = Math.floor(Date.now() / 1_000);
  if (current !== second) {
    second = current;
    text = new Date(current * 1_000).toUTCString();
  }
  return text;
}
