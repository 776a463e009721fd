/** Export: what would be written, file by file, what it can't say, and the two ways to take it along. */
import { Copy, Download, FolderOutput, TriangleAlert } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { CodeLines } from '../../components/code-lines.tsx';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { Loading, Notice } from '../../components/notice.tsx';
import { ProblemList } from '../../components/problem-list.tsx';
import { Tag } from '../../components/tag.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { treeLines } from '../../reading/file-tree.ts';
import { plural } from '../../reading/format.ts';
import { objectCounts } from '../../reading/manifest.ts';
import { downloadExport, writeExport } from '../../store/actions.ts';
import type { ExportedFile, ExportPreview } from '../../store/contract.ts';
import { useExportPreview, usePolicyFiles } from '../../store/host-data.ts';
import { select, usePlace } from '../../store/selection.ts';

function Tree({ files, selected }: { files: readonly ExportedFile[]; selected: string }): ReactNode {
  const lines = treeLines(files.map((file) => file.path));
  const paths = lines.flatMap((one) => one.path ?? []);
  const keys = useListKeys({
    length: paths.length,
    at: paths.indexOf(selected),
    move: (index) => select({ file: paths[index] ?? '' }),
  });
  return (
    <div
      className="scroll tree"
      role="listbox"
      aria-label="Files of the export"
      tabIndex={0}
      onKeyDown={keys}
      aria-activedescendant={`file-${selected}`}
    >
      {lines.map((one) =>
        one.path === null ? (
          <div
            key={`${one.depth}${one.name}`}
            className="tree-folder"
            style={{ paddingLeft: 8 + one.depth * 14 }}
          >
            {one.name}
          </div>
        ) : (
          <div
            key={one.path}
            id={`file-${one.path}`}
            role="option"
            aria-selected={one.path === selected}
            className={one.path === selected ? 'tree-file on' : 'tree-file'}
            style={{ paddingLeft: 8 + one.depth * 14 }}
            onClick={() => select({ file: one.path ?? '' })}
          >
            {one.name}
          </div>
        ),
      )}
    </div>
  );
}

function Preview({ file }: { file: ExportedFile }): ReactNode {
  const policies = usePolicyFiles();
  const [copied, setCopied] = useState('');
  const source =
    policies.status === 'ready' ? policies.value.find((one) => one.text === file.text) : undefined;
  const copy = (): void => void navigator.clipboard.writeText(file.text).then(() => setCopied(file.path));
  return (
    <div className="column preview">
      <header className="preview-head">
        <b className="mono">{file.path}</b>
        <span className="sub">{source ? `from ${source.path}, unchanged` : 'made from your services'}</span>
        <span className="grow" />
        <button type="button" className="btn s" onClick={copy}>
          <Copy size={12} /> {copied === file.path ? 'Copied' : 'Copy'}
        </button>
      </header>
      <CodeLines text={file.text.replace(/\n$/, '')} label={file.path} />
    </div>
  );
}

function Summary({ preview }: { preview: ExportPreview }): ReactNode {
  const lost = preview.problems.filter((problem) => problem.severity !== 'notice');
  if (lost.length > 0) {
    return (
      <div className="say warn">
        <b>{plural(lost.length, 'thing')} left for you.</b> Your policies go out byte for byte; what the
        project does not say for a cluster is named below, with its place.
      </div>
    );
  }
  return (
    <div className="say allow">
      <b>Nothing is lost for Istio.</b> Your policies go out byte for byte, as you wrote them.
    </div>
  );
}

function Actions({ preview }: { preview: ExportPreview }): ReactNode {
  const [folder, setFolder] = useState('./k8s');
  const blocked = preview.problems.some((problem) => problem.severity === 'error');
  return (
    <>
      <Section>
        <Summary preview={preview} />
      </Section>
      <Section title="Write to a folder">
        <form
          className="write"
          onSubmit={(event) => {
            event.preventDefault();
            void writeExport(folder);
          }}
        >
          <input
            type="text"
            className="field mono"
            aria-label="Folder, relative to the project"
            value={folder}
            onChange={(event) => setFolder(event.target.value)}
            spellCheck={false}
          />
          <button type="submit" className="btn go" disabled={blocked || folder.trim() === ''}>
            <FolderOutput size={13} /> Write
          </button>
        </form>
        <p className="sub">
          Relative to the project’s folder. Files of the same names are replaced; others stay.
        </p>
      </Section>
      <Section title="Take it along">
        <button type="button" className="btn" disabled={blocked} onClick={() => void downloadExport()}>
          <Download size={13} /> Download zip
        </button>
      </Section>
      <Section title="Objects">
        <Facts of={objectCounts(preview.files)} />
      </Section>
      {preview.problems.length > 0 ? (
        <Section title="Left for you">
          <ProblemList problems={preview.problems} />
        </Section>
      ) : null}
      <Section title="Afterwards">
        <pre className="code">
          <span>kubectl apply -k {folder}</span>
        </pre>
      </Section>
    </>
  );
}

/** The view. */
export function ExportView(): ReactNode {
  const preview = useExportPreview();
  const { params } = usePlace();
  if (preview.status === 'loading') return <Loading what="the export" />;
  if (preview.status === 'failed') {
    return (
      <Notice icon={TriangleAlert} title="The export can’t be made" tone="deny">
        {preview.error}
      </Notice>
    );
  }
  const { files } = preview.value;
  const file =
    files.find((one) => one.path === params['file']) ??
    files.find((one) => one.path.includes('polic')) ??
    files[0];
  const objects = objectCounts(files).reduce((all, [, number]) => all + Number(number), 0);
  return (
    <div className="view three">
      <div className="list-column">
        <header className="list-head">
          <h2>Export</h2>
          <span className="sub">{plural(files.length, 'file')}</span>
        </header>
        <div className="target on">
          <div>
            <b>Istio</b>
            <span className="sub">your policies as written</span>
          </div>
          {preview.value.problems.some((one) => one.severity !== 'notice') ? (
            <Tag tone="warn">{preview.value.problems.length} notes</Tag>
          ) : (
            <Tag tone="allow">exact</Tag>
          )}
        </div>
        <Tree files={files} selected={file?.path ?? ''} />
      </div>
      {file ? <Preview file={file} /> : <div className="column" />}
      <Inspector title={plural(objects, 'object')} sub="Kubernetes manifests for Istio">
        <Actions preview={preview.value} />
      </Inspector>
    </div>
  );
}
