/** Why one value of a row cannot be stored; `location` is the dotted path of the field. */
export class ValueError extends Error {
  readonly location: string;

  constructor(location: string, message: string) {
    super(message);
    this.name = "ValueError";
    this.location = location;
  }
}
