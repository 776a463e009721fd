/** Whether a variable of the environment holds a secret, by its name or by its value's own form. */

/** The last word of the name says it; `…_FILE` names where a secret is, and `TOKEN_URL` isn't one. */
const NAME =
  /(^|_)(PASSWORD|PASSWD|PASS|SECRET|TOKEN|API_?KEY|SECRET_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|PASSPHRASE)$/i;
/** `ALLOW_EMPTY_PASSWORD=yes`. */
const SWITCH = /^(true|false|yes|no|on|off|0|1)$/i;
const VALUES = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // A URL with a password: RFC 3986, userinfo.
  /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^/?#@]+@/i,
  // Forms that their issuers document: AWS access keys, GitHub and Slack tokens, JSON Web Tokens (RFC 7519).
  /^AKIA[0-9A-Z]{16}$/,
  /^(ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}$/,
  /^xox[abprs]-[A-Za-z0-9-]{10,}$/,
  /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/,
];

/** Whether its name says so. */
export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** `value`: null or empty = handed through from the caller's environment, or unset: nothing is written down. */
export function looksSecret(name: string, value: string | null): boolean {
  if (value === null || value === '' || SWITCH.test(value)) return false;
  return isSecretName(name) || VALUES.some((form) => form.test(value));
}
