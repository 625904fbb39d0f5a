/** Which parts of an expression's bindings hold more of the trigger than a metadata-only watch shows. */

/** `path`: as an expression tells what it reads. What leaves in doubt which part of the trigger is meant is content. */
export function isContent(path: string): boolean {
  const [root = "", field, part = ""] = path.split(".");
  if (root === "images") return true;
  if (root !== "request") return false;
  if (field === undefined || field === "oldObject") return true;
  return field === "object" && !METADATA.has(part);
}

/** Whether the status of a target may be meant. */
export function isTargetStatus(path: string): boolean {
  const [root, field] = path.split(".");
  return root === "target" && (field === undefined || field === "status");
}

const METADATA: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);
