// chokidar, for an import() that a bundle can follow: only a controller loads it.
export { watch } from 'chokidar';
