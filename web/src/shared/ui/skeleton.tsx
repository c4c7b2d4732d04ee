/** Grey shapes where content is about to be. */
export function Skeleton({ lines = 3, label = 'Loading' }: { readonly lines?: number; readonly label?: string }) {
  return (
    <div className="skeletons" role="status">
      <span className="hidden">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
