/**
 * Whether some object in a JSON text has two members of one name (RFC 7515 4 forbids it in a header, RFC 7519 4 in
 * claims). JSON.parse would silently take the last. The text must already have passed JSON.parse.
 */
export function hasRepeatedMember(json: string): boolean {
  // One entry per open object or array; arrays have no names.
  const open: (Set<string> | undefined)[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (const [token, colon] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const name: string = JSON.parse(token.slice(0, -colon.length));
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}
