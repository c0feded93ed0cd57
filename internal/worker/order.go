package worker

import "iter"

// inOrder works on all items, n at a time, and yields what comes out in the order of the items, so that not
// more than about 2n results wait in memory.
func inOrder[T, R any](items []T, n int, work func(T) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		results := make(chan chan R, n)
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			defer close(results)
			for _, item := range items {
				result := make(chan R, 1)
				select {
				case results <- result:
				case <-stop:
					return
				}
				go func() { result <- work(item) }()
			}
		}()
		for result := range results {
			if !yield(<-result) {
				return
			}
		}
	}
}
