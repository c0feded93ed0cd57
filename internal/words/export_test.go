package words

// Listen calls f with every phrase that is said from now on, but for those inside others.
func (v *Voice) Listen(f func(phrase string)) { v.listen = f }
