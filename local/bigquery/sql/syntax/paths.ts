import type { Expr } from "./ast.ts";

/** All paths in an expression, those in its subqueries included. */
export function paths(expr: Expr): (readonly string[])[] {
  const found: (readonly string[])[] = [];
  visit(expr, found);
  return found;
}

function visit(value: unknown, found: (readonly string[])[]): void {
  if (Array.isArray(value)) value.forEach((item) => visit(item, found));
  else if (typeof value === "object" && value !== null) {
    const node = value as { readonly kind?: unknown; readonly names?: readonly string[] };
    if (node.kind === "path" && node.names !== undefined) found.push(node.names);
    else Object.values(value).forEach((child) => visit(child, found));
  }
}
