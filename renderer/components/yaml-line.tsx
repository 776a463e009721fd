/** One line of YAML with its key and comment set apart. Reads no structure: a line is a line. */
import type { ReactNode } from 'react';
import { safeText } from '../reading/safe-text.ts';

const LINE = /^(\s*(?:- )*)([\w.\-/"']+:)?(.*?)(\s#.*|^#.*)?$/;

/** The coloured text of a line. */
export function YamlLine({ text }: { text: string }): ReactNode {
  const parts = LINE.exec(safeText(text, 300));
  if (!parts) return safeText(text, 300);
  const [, indent = '', key = '', value = '', comment = ''] = parts;
  return (
    <>
      {indent}
      {key ? <em className="y-key">{key}</em> : null}
      {value}
      {comment ? <em className="y-note">{comment}</em> : null}
    </>
  );
}
