import fs from 'node:fs';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** To read what has a name in a store: a link or a fifo that took it neither leads elsewhere nor blocks. */
export const READ_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
