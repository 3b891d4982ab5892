/** Points `IR_MODELS_DIR`, the user's models, to a folder. Returns what puts back what was there. */
export function useModels(folder: string): () => void {
  const before = process.env.IR_MODELS_DIR;
  process.env.IR_MODELS_DIR = folder;
  return () => {
    if (before === undefined) delete process.env.IR_MODELS_DIR;
    else process.env.IR_MODELS_DIR = before;
  };
}
