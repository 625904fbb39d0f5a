/** Container image references: `[registry/]path[:tag][@digest]`. */

export interface ImageReference {
  readonly registry: string;
  /** Without the registry: `library/nginx` is not added for `nginx`. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  /** `latest` when neither tag nor digest is written; absent when only a digest is. */
  readonly tag?: string;
  readonly digest?: string;
}

const REFERENCE =
  /^(?:([a-zA-Z0-9.-]+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)\/)?([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$/;
const DEFAULT_REGISTRY = "docker.io";
const LONGEST = 1024;

/** Undefined when the text is no image reference. */
export function parseImage(text: string): ImageReference | undefined {
  const found = text.length > LONGEST ? null : REFERENCE.exec(hasRegistry(text) ? text : `${DEFAULT_REGISTRY}/${text}`);
  if (found === null) return undefined;
  const [, registry = DEFAULT_REGISTRY, path = "", written, digest] = found;
  const tag = written ?? (digest === undefined ? "latest" : undefined);
  return {
    registry,
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The first part is a registry when it has a dot or a port, or is localhost. */
function hasRegistry(text: string): boolean {
  const [first = "", ...rest] = text.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
}

/** Registry and path with the digest, if there is one, else with the tag. */
export function printImage({ registry, path, tag, digest }: ImageReference): string {
  return `${registry}/${path}${digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`}`;
}
