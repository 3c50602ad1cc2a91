import { der } from '../../testing/der.js';

export * from '../../testing/der.js';

export const printableString = (text: string) => der(0x13, Buffer.from(text, 'latin1'));
export const t61String = (text: string) => der(0x14, Buffer.from(text, 'latin1'));
export const ia5String = (text: string) => der(0x16, Buffer.from(text, 'latin1'));
export const bmpString = (text: string) => der(0x1e, Buffer.from(text, 'utf16le').swap16());
export const nullValue = der(0x05);
