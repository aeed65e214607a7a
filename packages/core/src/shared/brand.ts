declare const brand: unique symbol

/** A value that only its own room can make: structural typing stops at the brand. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
