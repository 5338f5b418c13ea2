/** A JSON document whose last key but some is a list, in pieces: it may be longer than memory. */
import { toDocument, toElement } from './json.ts';

export class JsonList {
  #isEmpty = true;

  /** `head` is what comes before the list of the name `key`. */
  begin(head: object, key: string): string {
    const before = Object.keys(head).length === 0 ? '' : `${membersOf(head)},\n`;
    return `{\n${before}  ${JSON.stringify(key)}: [`;
  }

  element(value: object): string {
    const comma = this.#isEmpty ? '' : ',';
    this.#isEmpty = false;
    return `${comma}\n    ${toElement(value)}`;
  }

  /** `tail` is what comes after the list. */
  end(tail: object): string {
    const after = Object.keys(tail).length === 0 ? '' : `,\n${membersOf(tail)}`;
    return `${this.#isEmpty ? ']' : '\n  ]'}${after}\n}\n`;
  }
}

/** The lines between the braces of a document. */
function membersOf(value: object): string {
  return toDocument(value).slice(2, -3);
}
