/**
 * Text that goes into XML. What came off the wire may hold anything: characters that XML 1.0 has no way to write
 * become U+FFFD, so that the file stays well-formed whatever an attacker sends.
 */

const UNWRITABLE =
  // oxlint-disable-next-line no-control-regex -- exactly these are what XML can't hold
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For element content and for attributes in double quotes. */
export function escapeXml(text: string): string {
  return text.replace(UNWRITABLE, '\ufffd').replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found);
}

/** As `escapeXml`; line ends and tabs survive an attribute only as references. */
export function escapeAttribute(text: string): string {
  return escapeXml(text).replace(/[\t\n\r]/g, (found) => `&#${found.charCodeAt(0)};`);
}
