import { describe, expect, it } from 'vitest';
import { holdsCredentials } from '../../../proxy/events/credentials.ts';
import { CREDENTIAL_FIELDS } from '../../../wire/credential-fields.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('bytes on their way to a disk', () => {
  it.each(CREDENTIAL_FIELDS)('are known to hold a credential by the field %s', (name) => {
    expect(holdsCredentials(bytes(`GET / HTTP/1.1\r\nhost: a\r\n${name}: s3cret\r\n\r\n`))).toBe(true);
  });

  it('are known to hold a token, wherever it stands', () => {
    expect(holdsCredentials(bytes('GET /?t=eyJhbGciOiJub25lIn0.e30. HTTP/1.1\r\nhost: a\r\n\r\n'))).toBe(
      true,
    );
  });

  it('are as good as any other without one', () => {
    expect(holdsCredentials(bytes('GET /authorization HTTP/1.1\r\nhost: a\r\nx-cookies: 1\r\n\r\n'))).toBe(
      false,
    );
  });
});
