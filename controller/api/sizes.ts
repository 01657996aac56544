// The built-in sizes of VMs (SPEC 2.4); a pool may override any field.
import { oncePer } from './once.ts';
import type { VMPoolSpec, VMSpec } from './types.generated.ts';

export type SizeName = VMSpec['size'];

export interface Size {
  readonly name: SizeName;
  readonly slots: number;
  readonly memoryMiB: number;
  /** Azure SKUs in order of preference. */
  readonly skus: readonly string[];
}

const BUILT_IN: Readonly<Record<SizeName, Omit<Size, 'name'>>> = {
  s: { slots: 1, memoryMiB: 32 * 1024, skus: ['Standard_D8s_v3', 'Standard_D8s_v5', 'Standard_D8as_v6'] },
  m: { slots: 2, memoryMiB: 64 * 1024, skus: ['Standard_E8s_v5', 'Standard_E8as_v6', 'Standard_E8s_v6'] },
  l: { slots: 4, memoryMiB: 128 * 1024, skus: ['Standard_E16s_v5', 'Standard_E16as_v6', 'Standard_E16s_v6'] },
  xl: { slots: 8, memoryMiB: 256 * 1024, skus: ['Standard_E32s_v5', 'Standard_E32as_v6', 'Standard_E32s_v6'] },
};

/** What a session takes of a VM's memory unless it says otherwise (the schema's default). */
export const DEFAULT_SESSION_MEMORY_MIB = 16_384;

/** The sizes of a pool, in its order of preference. */
export const poolSizes = oncePer((spec: VMPoolSpec): readonly Size[] =>
  spec.sizes.map(({ name, slots, memoryMiB, skus }) => ({
    name,
    slots: slots ?? BUILT_IN[name].slots,
    memoryMiB: memoryMiB ?? BUILT_IN[name].memoryMiB,
    skus: skus ?? BUILT_IN[name].skus,
  })),
);
