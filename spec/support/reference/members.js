/** Members that are functions or objects of the host, which no JSON Schema can tell: their types. */
const hostTypes = {
  askConsent: 'AskConsent',
  authenticateUser: 'AuthenticateUser',
  authorizationServer: 'GrantRouter',
  clients: 'ClientMetadataInput[] or ClientSource',
  deliverCode: 'DeliverCode',
  'grants[]': 'Grant',
  'introspection.private_key': 'JsonWebKey',
  onEvent: 'EventListener',
  'pools[].users': 'User[] or UserDirectory',
  store: 'Store',
  'strategies[]': 'ClientAuthenticationStrategy',
  tokenClaims: 'TokenClaims',
  users: 'User[] or UserDirectory',
  'workspaces[].clients': 'ClientMetadataInput[] or ClientSource',
};

/** The part of a JSON Schema at a path; `*` is any member of a record or an array. */
export function partOf(schema, path) {
  return path.reduce(
    (part, name) => (name === '*' ? (part.items ?? part.additionalProperties) : part.properties[name]),
    schema,
  );
}

/**
 * The members of an object of JSON Schema with all that is below them, as `{ member, type, fallback, meaning }`, the
 * meaning undefined where the schema tells none. `linkAt(path)` answers a link where a member has a table of its own.
 */
export function rowsOf(schema, linkAt) {
  return membersOf(schema, { path: [], member: '', linkAt });
}

function membersOf(schema, { path, member, linkAt }) {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const place = { path: [...path, name], member: member === '' ? name : `${member}.${name}`, linkAt };
    const row = { member: place.member, type: typeOf(part, place), fallback: fallbackOf(part, required.has(name)) };
    return [{ ...row, meaning: part.description }, ...below(part, place)];
  });
}

function below(part, place) {
  if (place.linkAt(place.path)) return [];
  const { path, member, linkAt } = place;
  const inner = [...(part.anyOf ?? []), part];
  return inner.flatMap((each) => [
    ...(each.properties ? membersOf(each, place) : []),
    ...(each.items ? below(each.items, { path: [...path, '*'], member: `${member}[]`, linkAt }) : []),
    ...(typeof each.additionalProperties === 'object'
      ? below(each.additionalProperties, { path: [...path, '*'], member: `${member}.{name}`, linkAt })
      : []),
  ]);
}

function typeOf(part, place) {
  const link = place.linkAt(place.path);
  if (link) return link;
  if (part.enum) return part.enum.map((value) => `\`${value}\``).join(', ');
  if ('const' in part) return `\`${part.const}\``;
  if (part.anyOf) return part.anyOf.map((each) => typeOf(each, place)).join(' or ');
  const inner = (name) => ({ ...place, path: [...place.path, '*'], member: `${place.member}${name}` });
  if (part.type === 'array') return `list of ${typeOf(part.items, inner('[]'))}`;
  if (part.type === 'integer' || part.type === 'number') return `${part.type}${rangeOf(part)}`;
  if (typeof part.additionalProperties === 'object' && !part.properties && part.additionalProperties.type) {
    return `object of ${typeOf(part.additionalProperties, inner('.{name}'))}`;
  }
  return part.type ?? hostType(place.member);
}

function hostType(member) {
  if (member === 'now') return '`() => number`';
  const type = hostTypes[member];
  if (type === undefined && !/\[\]$|\{name\}$/.test(member)) throw new Error(`Nothing tells the type of ${member}`);
  return type ? type.replace(/^(\w+)(\[\])?|(?<= or )(\w+)/g, linked) : 'object';
}

/** Types of the package have an entry among the exports. */
function linked(text) {
  const name = text.replace('[]', '');
  return name === 'JsonWebKey'
    ? `\`${name}\``
    : `${text === name ? '' : 'list of '}[\`${name}\`](exports.md#${name.toLowerCase()})`;
}

function rangeOf({ minimum, maximum }) {
  const isOpen = (limit) => limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER;
  if (isOpen(minimum) && isOpen(maximum)) return '';
  return isOpen(maximum) ? `, ${minimum} or more` : `, ${minimum} to ${maximum}`;
}

function fallbackOf(part, isRequired) {
  if (isRequired) return 'required';
  if (part.default === undefined || (isEmptyObject(part.default) && part.properties)) return '';
  if (Array.isArray(part.default) && part.default.length > 0)
    return part.default.map((each) => `\`${each}\``).join(' ');
  return `\`${typeof part.default === 'string' ? part.default : JSON.stringify(part.default)}\``;
}

function isEmptyObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}
