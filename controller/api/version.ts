// Which of two versions of an object is the newer. Kubernetes promises since 1.35 that resourceVersions compare as
// numbers (KEP-5504); a store whose versions are not numbers only tells equal from different.

/** Whether `version` should replace `known`: not when it is equal or older. */
export const isNewer = (version: string, known: string): boolean => {
  if (version === known) return false;
  if (!/^\d+$/.test(version) || !/^\d+$/.test(known)) return true;
  // No store pads them: the longer is the greater.
  return version.length === known.length ? version > known : version.length > known.length;
};
